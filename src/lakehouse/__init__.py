"""The engine: what a source, a table, a model and a bundle are, and how they are run."""
