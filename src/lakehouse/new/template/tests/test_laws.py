"""The laws that hold for every table and model, and the declarations held against one another."""

from lakehouse.testing import Laws


class TestLaws(Laws):
    project = "new_project"
