"""The inverter over Modbus: its readings become inverter/<name>/state and grid/state."""
