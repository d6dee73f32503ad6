"""Running the jobs of a bundle here: graph, references, launchers, and the records of it."""
