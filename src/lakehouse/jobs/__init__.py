"""Job entry points: a short `main` each, for wheel tasks, spark-submit and the shell."""
