"""Runs the whole system on one machine without Docker: `python -m supervisor demo` or `up`."""
