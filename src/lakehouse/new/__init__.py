"""`lakehouse new NAME`: a project of one's own, written out from the files in `template/`."""

from lakehouse.new.plan import Plan
from lakehouse.new.project import NewProject, make

__all__ = ["NewProject", "Plan", "make"]
