"""What a database did not do, from the text of an error that came through JDBC."""

from __future__ import annotations

import re

from lakehouse.base.errors import LakehouseError

_FAULTS = (
    (
        ("No suitable driver", "ClassNotFoundException"),
        "there is no driver for this database",
        "PostgreSQL's comes with set-up; name another's jar in spark.conf.spark.jars",
    ),
    (
        ("authentication failed", "no password was provided", "Access denied"),
        "the database refuses these credentials",
        "see database.user and database.password",
    ),
    (
        ("permission denied",),
        "these credentials may not read it",
        "see what database.user may do",
    ),
    (
        (
            *("Connection refused", "connection attempt failed", "UnknownHostException"),
            *("Connect timed out", "Communications link failure", "Connection to"),
        ),
        "the database does not answer",
        "see that it is up, or mend database.url",
    ),
    (
        (
            *("terminating connection", "the database system is", "connection has been closed"),
            "I/O error occurred while sending to the backend",
        ),
        "the database ended the connection",
        "see that it is up; then run again",
    ),
)
"""Words of Java's text, what they mean, and what to do about it; the first that fits."""

_SAID = re.compile(r"(?:PSQLException|SQL\w*Exception): (?:ERROR: )?([^\n]+)")
_NO_DATABASE = re.compile(r'FATAL: database "[^"]*" does not exist')


def database_fault(text: str, where: str) -> LakehouseError | None:
    """What was asked of a database and why it came to nothing; None where the text does not say
    that. No error holds a value of a setting."""
    said = _SAID.search(text)
    if said is None and "ClassNotFoundException" not in text and "No suitable driver" not in text:
        return None
    if _NO_DATABASE.search(text):
        return LakehouseError("there is no such database", where, "mend database.url")
    for words, what, todo in _FAULTS:
        if any(word in text for word in words):
            return LakehouseError(what, where, todo)
    assert said is not None
    return LakehouseError(
        f"the database cannot answer: {said[1].strip()}", where, "mend the table or the query"
    )
