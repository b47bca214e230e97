"""The web dashboard: the present from the broker, the past from the database."""
