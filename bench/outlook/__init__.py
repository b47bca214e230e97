"""The laboratory of the outlook: houses drawn and recorded, forecast as it would have been live, against the field."""

from bench.outlook.lab import main

__all__ = ["main"]
