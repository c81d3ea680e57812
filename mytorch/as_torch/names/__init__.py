# Names only: there is nothing to read here.
"""Modules by the names of torch's, for packages that import them. Where mytorch has a module of that name,
what ``__all__`` lists is added to it.
"""
