"""What JDBC says of a database, as a sentence that a person can act on."""

from __future__ import annotations

import pytest

from lakehouse.base.database_faults import database_fault

SAID = "org.postgresql.util.PSQLException: "


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("java.sql.SQLException: No suitable driver", "there is no driver for this database"),
        ("java.lang.ClassNotFoundException: com.mysql.Driver", "there is no driver"),
        (f'{SAID}FATAL: password authentication failed for user "me"', "these credentials"),
        (f"{SAID}ERROR: permission denied for table sales", "may not read it"),
        (f"{SAID}Connection to 127.0.0.1:9 refused.", "the database does not answer"),
        (f"{SAID}FATAL: terminating connection due to administrator command", "ended the conn"),
        (f"{SAID}An I/O error occurred while sending to the backend.", "ended the connection"),
        (f"{SAID}FATAL: the database system is starting up", "the database ended the connection"),
        (f'{SAID}FATAL: database "shop" does not exist', "there is no such database"),
        (
            f'{SAID}ERROR: relation "x" does not exist\n  Position: 15\n\tat a.b',
            "cannot answer: rel",
        ),
        (f"{SAID}ERROR: value 28000 is out of range", "cannot answer: value 28000"),
    ],
)
def test_a_fault_is_one_sentence(text: str, sentence: str) -> None:
    fault = database_fault(text, "database.tables.sales")
    assert fault is not None
    assert sentence in fault.what
    assert fault.where == "database.tables.sales"
    assert "Position" not in str(fault)


def test_another_fault_is_none_of_a_database() -> None:
    assert database_fault("java.lang.IllegalStateException: the cat", "x") is None
