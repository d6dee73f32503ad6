"""Calls of Python by the thread of a query, whose connection is closed with the query.

Spark starts a thread of Java for each query, and py4j opens a connection for each such thread that
calls Python, with a thread of Python at its end. It closes none of them, at neither end: a stream
that refreshes its tables all day would lose a megabyte and two files with every refresh.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JError
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
        ports = []
        for connection in self._connections:
            with suppress(OSError, AttributeError):  # closed by itself meanwhile
                ports.append(connection.socket.getpeername()[1])
                connection.socket.shutdown(socket.SHUT_RDWR)
        self._connections.clear()
        if ports:
            with suppress(Py4JError):  # a Java that is gone has none to close
                _forget(ports)


def _forget(ports: Collection[int]) -> None:
    """Closes Java's ends of connections, told by their ports there, and takes them off its list.

    What py4j has for this, `periodicCleanup`, would interrupt the threads of other queries.
    """
    connections, lock = _of_client("connections"), _of_client("lock")
    lock.lock()
    try:
        for each in connections.toArray():
            end = each.getSocket()
            if end is not None and end.getLocalPort() in ports:
                connections.remove(each)
                end.close()
    finally:
        lock.unlock()


def _of_client(name: str) -> Any:
    """A field of the Java object that calls Python; none of its methods gives it away."""
    gateway: Any = SparkContext._gateway
    client = JavaObject("GATEWAY_SERVER", gateway._gateway_client).getCallbackClient()
    field = client.getClass().getSuperclass().getDeclaredField(name)
    field.setAccessible(True)
    return field.get(client)
