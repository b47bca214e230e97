"""Reads JK BMS batteries over Bluetooth LE and publishes battery/<id>/state, info and availability."""
