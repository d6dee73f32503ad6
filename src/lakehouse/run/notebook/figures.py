"""A matplotlib backend: a figure belongs to the thread that made it, and is shown by its cell.

Its name for matplotlib is `NAME`. Pictures are drawn by Agg.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

NAME = f"module://{__name__}"
SHOW: ContextVar[Callable[[Any], None] | None] = ContextVar("lakehouse_notebook_show", default=None)
"""What a figure is handed to when it is shown."""


class FigureManager(FigureManagerBase):
    """A figure of pyplot, and the thread that made it."""

    def __init__(self, canvas: Any, num: int | str) -> None:
        super().__init__(canvas, num)
        self.thread = threading.get_ident()

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """Show the figures of this thread, as `plt.show()` asks for."""
        show_all()


class FigureCanvas(FigureCanvasAgg):
    """Agg's canvas, with the manager above."""

    manager_class = FigureManager


def show_all() -> None:
    """Show the figures that this thread has open, and close them."""
    show = SHOW.get()
    for manager in list(Gcf.get_all_fig_managers()):
        if getattr(manager, "thread", None) != threading.get_ident():
            continue
        if show is not None and manager.canvas.figure.get_axes():
            show(manager.canvas.figure)
        Gcf.destroy(manager)


def forget(figure: Any) -> None:
    """Close a figure that the cell has shown itself, so that it is not shown twice."""
    manager = getattr(figure.canvas, "manager", None)
    if manager is not None:
        Gcf.destroy(manager)
