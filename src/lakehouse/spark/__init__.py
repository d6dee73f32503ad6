"""The Spark session and what it needs to start: Java, jars, memory; caching within it."""
