"""From tables to models: training, tuning, choosing, scoring, and their measures."""
