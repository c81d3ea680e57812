"""Linear algebra."""

from __future__ import annotations

from .matmul import matmul

__all__ = ["matmul"]
