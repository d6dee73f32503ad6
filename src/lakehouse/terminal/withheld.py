"""Each error shown once, though it ends a table, the steps around it, a task and a command."""

from __future__ import annotations

import threading
from dataclasses import replace

from lakehouse.base.progress import TASK, Event


class Withheld:
    """The errors of tables and steps, withheld until what they end is shown: a task or a command.

    What of them ends nothing is shown as a note. May be called from any thread.
    """

    def __init__(self) -> None:
        """Nothing has failed so far."""
        self._errors: dict[str, dict[str, None]] = {}
        self._lock = threading.Lock()

    def shown(self, event: Event) -> list[Event]:
        """What is to be shown of an event: a table that failed without its error, for instance."""
        if event.kind == "task" and event.state != "started":  # the end of the task or of a try
            return [*self.others(event.name, event.detail), event]
        if event.kind in ("table", "step") and event.state == "failed" and event.detail:
            with self._lock:
                self._errors.setdefault(event.task or TASK.get(), {})[event.detail] = None
            return [replace(event, detail="")]
        return [event]

    def others(self, task: str = "", error: str = "") -> list[Event]:
        """Notes of what was withheld of a task, or of none, and is not what ends it."""
        with self._lock:
            errors = self._errors.pop(task, {})
        return [Event("step", text, "note", task) for text in errors if not error.endswith(text)]
