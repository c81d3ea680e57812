"""Modules by the names of torch's, for packages that import them; those with ``__all__`` add to mytorch's own."""
