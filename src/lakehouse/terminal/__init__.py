"""What a person sees in a terminal: tables of text, progress, captured output, the summary."""
