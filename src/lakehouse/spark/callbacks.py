"""Calls of Python by the thread of a query, whose connection is closed with the query.

Spark starts a thread of Java for each query, and py4j opens a connection for each such thread that
calls Python, with a thread of Python at its end. It closes neither: a stream that refreshes its
tables all day would lose a megabyte and a file with every refresh.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pyspark import SparkContext
from pyspark.sql import DataFrame


class Callbacks:
    """A function that a query calls in this process, and the connections that it was called by."""

    def __init__(self, called: Callable[[DataFrame, int], None]) -> None:
        """Calls nothing yet."""
        self._called = called
        self._connections: list[Any] = []

    def __call__(self, rows: DataFrame, number: int) -> None:
        """Passes the call on."""
        client: Any = getattr(SparkContext._gateway, "_gateway_client", None)
        # Only a gateway that gives each thread a connection of its own leaves any behind.
        of_thread = getattr(client, "get_thread_connection", None)
        connection = of_thread() if of_thread else None
        opened_by_java = connection is not None and not connection.initiated_from_client
        if opened_by_java and connection not in self._connections:
            self._connections.append(connection)
        self._called(rows, number)

    def close(self) -> None:
        """Closes the connections; their threads end. To be called once the query is over."""
        for connection in self._connections:
            with suppress(OSError, AttributeError):  # closed by itself meanwhile
                connection.socket.shutdown(socket.SHUT_RDWR)
        self._connections.clear()
