"""Shows the argument `schema` in the reference as it is: required, DDL or a sequence of fields.

In code it has a descriptor as its default, which takes both and holds DDL.
"""

from __future__ import annotations

from typing import Any

import griffe


class SchemaArgument(griffe.Extension):
    """Takes the descriptor away from what is shown."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        if str(attr.value) == "SCHEMA":
            attr.value = None
            attr.annotation = "str | Sequence[Field]"
