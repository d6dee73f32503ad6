"""Figures in a person's words: bytes, seconds, how long ago."""

from __future__ import annotations

from datetime import datetime, timezone


def size(count: int) -> str:
    """Bytes in powers of 1000: `1.4 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds as `4.2 s`, `1:05 min` or `2:03:10 h`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h"


def age(moment: datetime, now: datetime | None = None) -> str:
    """How long ago a moment was: `12 s`, `5 min`, `3 h`, `2 d`; `now` is the clock's if None."""
    seconds = ((now or datetime.now(timezone.utc)) - moment).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"


def counted(errors: int, warnings: int) -> str:
    """How many faults there are, as `1 error and 2 warnings`."""
    counts = [
        f"{count} {noun}{'s' * (count != 1)}"
        for count, noun in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    return " and ".join(counts) or "no fault"
