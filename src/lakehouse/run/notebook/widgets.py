"""`dbutils.widgets`: the parameters of a notebook. A value that was given stands over a default."""

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

    def __init__(self, given: Mapping[str, object]) -> None:
        """Keep what the notebook was called with; it counts although no widget is made for it."""
        self._given = {str(key): _text(value) for key, value in given.items()}
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
        held = self.getAll()
        if name not in held:
            raise unknown("widget", name, held, "dbutils.widgets")
        return held[name]

    def getAll(self) -> dict[str, str]:  # noqa: N802
        """Return every value by name."""
        return {**self._defaults, **self._given}

    def getArgument(self, name: str, defaultValue: str = "") -> str:  # noqa: N802, N803
        """Return a value, or the default where there is no such widget."""
        return self.getAll().get(name, defaultValue)

    def remove(self, name: str) -> None:
        """Take a widget away; what the notebook was called with under its name goes with it."""
        self.get(name)
        self._defaults.pop(name, None)
        self._given.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802
        """Take all widgets away."""
        self._defaults.clear()
        self._given.clear()

    def by_sql(self, statement: str) -> bool:
        """Do what a CREATE WIDGET or REMOVE WIDGET says; False for any other statement."""
        if found := _DROP.fullmatch(statement.strip()):
            self.remove(found[1])
            return True
        found = _MAKE.fullmatch(statement.strip())
        if found is None:
            return False
        self._make(found[2], found[3] if found[3] is not None else found[4])
        return True

    def take(self, given: Mapping[str, str]) -> None:
        """Set values, as `%run ./other $name="value"` does."""
        self._given.update(given)

    def _make(
        self, name: str, default: object, choices: Sequence[str] = (), several: bool = False
    ) -> None:
        if not isinstance(default, str):
            what = f"the default of widget {name!r} is {default!r}, and values are texts"
            raise LakehouseError(what, "dbutils.widgets", f"write it as {str(default)!r}")
        value = self._given.get(name, default)
        for each in value.split(",") if several and value else [value]:
            if choices and each not in choices:
                what = f"widget {name!r} has no choice {each!r}"
                raise LakehouseError(what, "dbutils.widgets", did_you_mean(each, choices))
        self._defaults[name] = default


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)
