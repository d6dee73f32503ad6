"""What is asked of the shop: features, sales, scores."""
