"""Tools around the framework: ``utils.data`` loads and batches data."""
