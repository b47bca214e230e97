"""Virtual Tuya plugs on the home network, and the cloud that they are in."""
