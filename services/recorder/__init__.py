"""Every state that travels on the broker, into the database."""
