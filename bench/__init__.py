"""Benchmarks: they print figures and ratios measured in one run, and assert nothing."""
