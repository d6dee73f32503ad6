"""Orders as they came."""

from __future__ import annotations

from lakehouse import Source, bronze

ORDERS = Source("orders", "number BIGINT, item STRING, amount DECIMAL(8,2)")
TABLE = bronze(ORDERS)
