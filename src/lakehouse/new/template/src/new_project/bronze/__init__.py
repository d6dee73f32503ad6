"""Every record as it came, with where and when it came from."""
