"""How fast mytorch is, as a ratio to PyTorch measured in the same run: ``python -m benchmarks``."""
