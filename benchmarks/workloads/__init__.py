"""The workloads, written once for mytorch and PyTorch: ``torch`` is whichever library is passed in.

Each function returns ``step``: it runs one training step (or one inference) and returns the loss as a
float-like value. Initial weights and data come from NumPy with a fixed seed, so that both libraries compute
the same numbers.
"""

from __future__ import annotations

from . import dense, images, sequences

WORKLOADS = [
    dense.mlp_sgd,
    dense.mlp_adam,
    dense.mlp_big,
    images.cnn,
    images.lenet,
    images.bn_cnn,
    sequences.lstm,
    sequences.gru,
    sequences.transformer,
    dense.opchain,
    dense.optim_many,
    dense.infer_mlp1,
    images.resnet,
    images.mobilenet,
    images.dcgan,
    images.unet,
    images.infer_cnn1,
    sequences.gpt,
    sequences.word_lstm,
    sequences.text_gru,
    sequences.dilated,
    dense.handmade_mlp,
    dense.pinn,
    dense.vae,
    dense.loader_items,
    dense.loader_tensors,
]
BY_NAME = {w.__name__: w for w in [*WORKLOADS, dense.mlp_deep]}
GROWTH = {  # the curves of --plot: what grows, and over which values
    "batch": ("mlp_sgd", "batch", (32, 64, 128, 256, 512, 1024)),
    "depth": ("mlp_deep", "depth", (2, 4, 8, 16, 32, 64)),
    "operations": ("opchain", "length", (200, 400, 1000, 2000, 4000)),
    "parameters": ("optim_many", "count", (30, 60, 120, 240, 480)),
    "sequence": ("text_gru", "length", (16, 32, 64, 128, 256)),
    "width": ("gpt", "width", (32, 64, 128, 256)),
}
