"""Tools for people with a new inverter: scan, read, dump, replay."""
