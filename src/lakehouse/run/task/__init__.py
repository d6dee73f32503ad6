"""What tasks of any kind share: their call, task values, SQL, table names, how they are stopped."""
