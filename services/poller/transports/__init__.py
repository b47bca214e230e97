"""The ways to the inverter: TCP gateway, serial port, Wi-Fi dongle."""
