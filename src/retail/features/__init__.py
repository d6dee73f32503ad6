"""Features as pure functions, one page a family."""
