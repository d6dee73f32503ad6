"""The models of the shop, each trained directly on a gold table."""
