"""What every room stands on: errors, settings, progress. Imports no other room."""
