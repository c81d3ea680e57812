"""Tools around the framework: ``utils.data`` loads and batches data."""

from . import data
