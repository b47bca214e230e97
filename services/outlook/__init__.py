"""The outlook: will the battery last through the outages ahead, and what to do so that it does."""
