"""What a project says: sources, tables, expectations, models. Data and pure functions only."""
