"""The engine's fixtures: one Spark session, a landing zone, a fresh lake for each test."""

pytest_plugins = ["lakehouse.testing.fixtures"]
