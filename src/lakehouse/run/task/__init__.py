"""One task at work: what it is called with, the values it hands on, its SQL."""
