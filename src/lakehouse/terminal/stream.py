"""A stream that takes the place of another, such as sys.stdout."""

from __future__ import annotations

import io
from typing import Any, TextIO


class StreamProxy(io.TextIOBase):
    """Behaves as the original stream does, in all that a subclass does not change."""

    def __init__(self, original: TextIO) -> None:
        """Keep the original, so that it can be put back."""
        self.original = original

    def flush(self) -> None:
        """Flush the original."""
        self.original.flush()

    def writable(self) -> bool:
        """Text can be written."""
        return True

    def fileno(self) -> int:
        """The file of the original."""
        return self.original.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the original, where what is written may end."""
        return self.original.encoding or "utf-8"

    def __getattr__(self, name: str) -> Any:
        """Everything else, such as `buffer`."""
        return getattr(self.original, name)
