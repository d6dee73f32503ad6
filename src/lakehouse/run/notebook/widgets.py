"""`dbutils.widgets`: the parameters of a notebook. A value of its caller wins over a default."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lakehouse.base.errors import LakehouseError, did_you_mean, unknown

_MAKE = re.compile(
    r"CREATE\s+WIDGET\s+(TEXT|DROPDOWN|COMBOBOX|MULTISELECT)\s+`?(\w+)`?\s+DEFAULT\s+"
    r"(?:'([^']*)'|\"([^\"]*)\")(?:\s+CHOICES\s+(.*))?",
    re.I | re.DOTALL,
)
_DROP = re.compile(r"REMOVE\s+WIDGET\s+`?(\w+)`?", re.I)


class Widgets:
    """The widgets of one notebook. Values are texts, as they are on Databricks."""

    def __init__(self, parameters: Mapping[str, object]) -> None:
        """Hold the parameters of a call; a value counts even if no widget is made for it."""
        self._values = {str(key): _text(value) for key, value in parameters.items()}
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: N803
        """Make a field for any text."""
        self._make(name, defaultValue)

    def dropdown(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],
        label: str | None = None,
    ) -> None:
        """Make a list to choose one from. Raises LakehouseError for a value that is not in it."""
        self._make(name, defaultValue, [_text(each) for each in choices])

    def combobox(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str] = (),
        label: str | None = None,
    ) -> None:
        """Make a list to choose from, or a text of one's own."""
        self._make(name, defaultValue)

    def multiselect(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],
        label: str | None = None,
    ) -> None:
        """Make a list to choose several from; its value joins them with commas."""
        self._make(name, defaultValue, [_text(each) for each in choices], several=True)

    def get(self, name: str) -> str:
        """Return a value. Raises LakehouseError with the nearest name where there is none."""
        values = self.getAll()
        if name not in values:
            raise unknown("widget", name, values, "dbutils.widgets")
        return values[name]

    def getAll(self) -> dict[str, str]:  # noqa: N802
        """Return every value by name."""
        return {**self._defaults, **self._values}

    def getArgument(self, name: str, defaultValue: str = "") -> str:  # noqa: N802, N803
        """Return a value, or the default where there is no such widget."""
        return self.getAll().get(name, defaultValue)

    def remove(self, name: str) -> None:
        """Remove a widget, and the caller's value of that name."""
        self.get(name)
        self._defaults.pop(name, None)
        self._values.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802
        """Remove all widgets."""
        self._defaults.clear()
        self._values.clear()

    def by_sql(self, statement: str) -> bool:
        """Do what a CREATE WIDGET or REMOVE WIDGET says; False for any other statement."""
        if match := _DROP.fullmatch(statement.strip()):
            self.remove(match[1])
            return True
        match = _MAKE.fullmatch(statement.strip())
        if match is None:
            return False
        self._make(match[2], match[3] if match[3] is not None else match[4])
        return True

    def set(self, values: Mapping[str, str]) -> None:
        """Set values, as `%run ./other $name="value"` does."""
        self._values.update(values)

    def _make(
        self, name: str, default: object, choices: Sequence[str] = (), several: bool = False
    ) -> None:
        if not isinstance(default, str):
            what = f"the default of widget {name!r} is {default!r}, and values are texts"
            raise LakehouseError(what, "dbutils.widgets", f"write it as {str(default)!r}")
        value = self._values.get(name, default)
        for each in value.split(",") if several and value else [value]:
            if choices and each not in choices:
                what = f"widget {name!r} has no choice {each!r}"
                raise LakehouseError(what, "dbutils.widgets", did_you_mean(each, choices))
        self._defaults[name] = default


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)
