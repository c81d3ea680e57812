"""``torch._inductor``: PyTorch's code generator, which is not here."""
