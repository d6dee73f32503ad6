"""What takes the place of sys.stdout or sys.stderr while somebody listens to what is printed."""

from __future__ import annotations

import io
from typing import Any, TextIO


class StandIn(io.TextIOBase):
    """Is as the stream that stood there before, in all that a subclass does not change."""

    def __init__(self, original: TextIO) -> None:
        """Keep the stream, so that it can be put back."""
        self.original = original

    def flush(self) -> None:
        """Flush the stream."""
        self.original.flush()

    def writable(self) -> bool:
        """A text can be written."""
        return True

    def fileno(self) -> int:
        """The stream's own file."""
        return self.original.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's own, since what is printed may end there."""
        return self.original.encoding or "utf-8"

    def __getattr__(self, name: str) -> Any:
        """Everything else, such as `buffer`."""
        return getattr(self.original, name)
