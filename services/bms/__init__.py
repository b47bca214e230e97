"""JK BMS batteries over Bluetooth LE: their frames become battery/<id>/state and battery/<id>/info."""
