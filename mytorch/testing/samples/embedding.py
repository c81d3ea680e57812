"""Rows of ops/layers/embedding.py."""

from mytorch.nn import functional as F

from . import Int, Sample

ROWS = [
    Sample(
        "embedding",
        lambda w, i: F.embedding(i, w),
        ((5, 3), Int((2, 4), 5)),
        lambda w, i: w[i],
        empty=((5, 3), (0,)),
    ),
    Sample(
        "embedding",
        lambda w, i: F.embedding_bag(i, w),
        ((5, 3), Int((2, 4), 5)),
        lambda w, i: w[i].mean(1),
        note="means of bags",
    ),
    Sample(
        "embedding",
        lambda w, i: F.embedding_bag(i, w, mode="max"),
        ((5, 3), Int((2, 4), 5)),
        lambda w, i: w[i].max(1),
        note="maxima of bags",
    ),
]
