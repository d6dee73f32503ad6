"""Stopping what runs in a thread: an exception between two steps of Python."""

from __future__ import annotations

import ctypes


def raise_in_thread(thread: int, error: type[BaseException] | None) -> None:
    """Raise an exception in the thread of this id; None takes back one that is still to come.

    It is raised between two steps of Python: one long call of anything else ends first.
    """
    instruction = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), instruction)
