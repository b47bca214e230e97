"""Plugs that react to the grid."""
