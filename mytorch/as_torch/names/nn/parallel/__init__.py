"""Files of ``torch.nn.parallel``."""
