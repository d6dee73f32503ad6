"""The checks that a bundle has to pass, each a function from a bundle to the faults it finds."""
