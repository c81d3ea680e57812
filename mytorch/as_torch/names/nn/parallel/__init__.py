# Names only: there is nothing to read here.
"""Files of ``torch.nn.parallel``."""
