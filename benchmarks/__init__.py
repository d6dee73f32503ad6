"""What is measured, against whom. One page a benchmark, each with a `measure() -> Rows`."""
