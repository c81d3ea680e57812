# Names only: there is nothing to read here.
"""The steps of Adam and AdamW as functions."""

from ._functional import adam, adamw

__all__ = ["adam", "adamw"]
