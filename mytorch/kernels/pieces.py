"""Cutting matrix products into pieces that the BLAS multiplies without packing the operands first.

That takes half the time for few rows or columns. The pieces change no result beyond rounding.
"""

from __future__ import annotations

import functools


@functools.lru_cache(maxsize=256)
def pieces(rows, depth, places, most):
    """How to cut (rows × depth) @ (depth × places) into products of ``most`` multiplications.

    (how many pieces of rows, parts), or one piece where that cannot be. A part is (first place, last place +
    1, places of a piece). Pieces of multiples of 64 places lie best in the cache; the rest is a part, too.
    """
    most //= max(depth, 1)
    tall = next((n for n in range(rows, 3, -1) if rows % n == 0 and n * 64 <= most), 0)
    if rows * places <= most or not tall:
        return 1, [(0, places, max(places, 1))]
    return rows // tall, _parts(places, most // tall)


NARROW = 32  # columns up to which a matrix times a transposed one is as fast as times a copy


@functools.lru_cache(maxsize=256)
def summed_pieces(rows, columns, depth, most):
    """How to cut (rows × depth) @ (columns × depth)ᵀ into products that are summed.

    As :func:`pieces`, with parts of the depth of at most 16 pieces, whose copies and products are kept.
    OpenBLAS multiplies by a transposed matrix without packing if there are at most 1200 results.
    """
    narrow = columns <= NARROW
    if not most or (rows * columns * depth <= most and (not narrow or rows * columns <= 1200)):
        return 1, [(0, depth, max(depth, 1))]
    parts = _parts(depth, min(512, max(64, most // (16 * columns))))
    tall = (1200 if narrow else most // parts[0][2]) // columns
    tall = next((n for n in range(min(tall, rows), 0, -1) if rows % n == 0), rows)
    parts = [(a, min(a + 16 * n, last), n) for first, last, n in parts for a in range(first, last, 16 * n)]
    return rows // tall, parts


def _parts(n, most):
    """``range(n)`` as (start, stop, size of a piece): pieces of at most ``most``; the rest."""
    if n <= most:
        return [(0, n, max(n, 1))]
    size = -(-n // (64 * -(-n // (most // 64 * 64)))) * 64
    whole = n // size * size
    return [part for part in ((0, whole, size), (whole, n, n - whole)) if part[2]]
