"""Records every state published on the broker in the database."""
