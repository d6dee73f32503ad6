"""What a person sees in a terminal: rows and tables, messages, progress, task logs, the summary."""
