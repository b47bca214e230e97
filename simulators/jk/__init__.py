"""Virtual JK batteries on a virtual radio: bumble's controllers and host stack instead of a Bluetooth chip."""
