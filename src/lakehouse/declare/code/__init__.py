"""The code of a project, told apart by what it does: a digest of every function a table reaches."""

from lakehouse.declare.code.fingerprint import code_of

__all__ = ["code_of"]
