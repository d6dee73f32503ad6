"""The laws that hold for every table and model of the shop."""

from lakehouse.testing import Laws


class TestLaws(Laws):
    project = "retail"
