"""Job entry points: one short `main` for each, called by wheel tasks, spark-submit and the shell."""
