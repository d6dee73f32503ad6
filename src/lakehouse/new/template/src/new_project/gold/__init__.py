"""What is asked for: features and aggregates, and what the model makes of them."""
