"""Packing a bundle into one archive that runs by itself, and keeping the versions of it."""
