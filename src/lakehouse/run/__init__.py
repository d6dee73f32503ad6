"""Bundles at work on this machine: their jobs, notebooks, and the same jobs under Airflow."""
