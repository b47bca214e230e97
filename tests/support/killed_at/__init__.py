"""Runs a program of ours that kills itself at one step of saving a file: python -m tests.support.killed_at MODULE."""
