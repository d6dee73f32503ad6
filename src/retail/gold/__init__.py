"""Sales, features and scores, computed from silver."""
