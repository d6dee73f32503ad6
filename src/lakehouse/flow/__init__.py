"""From streams to tables: each batch is committed once, and every row of it is counted."""
