"""What Home Assistant sees of the house: MQTT discovery, energy counters, events of the grid."""
