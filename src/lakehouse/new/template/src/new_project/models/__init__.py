"""The models, each trained directly on a gold table."""
