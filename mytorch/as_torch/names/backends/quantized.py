"""``torch.backends.quantized``: no engine."""

engine, supported_engines = "none", ["none"]
