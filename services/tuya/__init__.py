"""Tuya plugs that follow the grid."""
