"""What tests of a project use: fixtures, landed rows, fitted models, and the laws of every table.

A project's `tests/conftest.py` takes the fixtures by one line, and its laws by one class:

    pytest_plugins = ["lakehouse.testing.fixtures"]

    class TestLaws(Laws):
        project = "orders"
"""

import pytest

pytest.register_assert_rewrite("lakehouse.testing.laws")

from lakehouse.testing.laws import Laws  # noqa: E402  once its asserts can tell what they compared
from lakehouse.testing.models import fitted  # noqa: E402
from lakehouse.testing.rows import broken_rules, landed  # noqa: E402

__all__ = ["Laws", "broken_rules", "fitted", "landed"]
