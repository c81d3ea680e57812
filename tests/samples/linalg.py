"""Rows of ops/matmul.py and ops/linalg.py."""

import numpy as np

from . import Sample

ROWS = [
    Sample("matmul", lambda x, y: x @ y, shapes, np.matmul, note=f"{len(shapes[0])}d by {len(shapes[1])}d{note}", empty=empty)
    for shapes, note, empty in [
        (((3, 4), (4, 2)), "", ((0, 4), (4, 2))), (((4,), (4,)), "", None), (((3, 4), (4,)), "", ((3, 0), (0,))), (((4,), (4, 2)), "", None),
        (((2, 3, 4), (4, 5)), "", ((0, 3, 4), (4, 5))), (((2, 3, 4), (4,)), "", None), (((4,), (2, 4, 3)), "", None),
        (((2, 3, 4), (2, 4, 5)), "", ((2, 3, 0), (2, 0, 5))), (((2, 1, 3, 4), (3, 4, 2)), " broadcasting", None), (((3, 4), (2, 4, 2)), "", None),
    ]
]  # fmt: skip
