"""Packing a bundle and handing it over: archives, local deployments, the Databricks CLI."""
