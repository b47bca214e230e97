"""The page in the browser: what is now, from the broker, and what was, from the database."""
