"""What every service shares: messages, topics, the bus, settings, history. It imports no service."""
