# Names only: there is nothing to read here.
"""``torch._inductor``: PyTorch's code generator, which is not here."""
