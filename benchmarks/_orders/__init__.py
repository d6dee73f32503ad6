"""Orders that come as messages: the project of the benchmark `load`."""
