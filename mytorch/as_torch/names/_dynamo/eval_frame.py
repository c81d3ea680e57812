"""The compiler's wrappers."""

from ....as_torch.refused import classes

globals().update(classes("torch._dynamo", "OptimizedModule", "nothing is compiled"))
