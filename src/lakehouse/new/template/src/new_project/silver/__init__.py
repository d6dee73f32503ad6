"""One table a thing: typed, checked, one row a key. What is broken is in quarantine."""
