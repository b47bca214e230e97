"""Ways to reach the simulated inverter: TCP, a serial port, a Wi-Fi dongle, each with its framing."""
