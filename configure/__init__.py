"""Asks in plain words what the program needs to know, tries each answer live, and writes .env."""
