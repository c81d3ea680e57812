"""The ways to combine the tensors of all processes."""

from __future__ import annotations

import enum


class ReduceOp(enum.IntEnum):
    """How a collective combines the tensors of all processes, element by element: SUM, AVG (the sum over the
    number of ranks), PRODUCT, MIN, MAX, and of integers and bools BAND, BOR, BXOR. PREMUL_SUM is refused.
    """

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7
    PREMUL_SUM = 8


ReduceOp.RedOpType = ReduceOp  # type: ignore[attr-defined]  # torch's name for the type of its members

_BITWISE = (ReduceOp.BAND, ReduceOp.BOR, ReduceOp.BXOR)


def check_op(call, op, dtype):
    """(what a transport does for ``op``, whether that is divided by the number of ranks), if ``call`` can
    combine numbers of the NumPy ``dtype`` by it; else ValueError or RuntimeError.
    """
    op = ReduceOp(op)
    if op is ReduceOp.PREMUL_SUM:
        raise RuntimeError(f"{call}: ReduceOp.PREMUL_SUM is not supported; multiply the tensor, then use SUM")
    if dtype.kind == "c" and op not in (ReduceOp.SUM, ReduceOp.AVG):
        raise ValueError(f"{call} does not support ReduceOp.{op.name} on complex tensors")
    if op in _BITWISE and dtype.kind not in "biu":
        raise RuntimeError(f"{call}: cannot use ReduceOp.{op.name} with {dtype}, only with integers")
    if op is ReduceOp.AVG and dtype.kind in "biu":
        raise RuntimeError(f"{call}: cannot use ReduceOp.AVG with {dtype}, only with floating-point numbers")
    return (ReduceOp.SUM, True) if op is ReduceOp.AVG else (op, False)


def library_name(op, dtype):
    """What MPI and NCCL call ``op``. Of bools the sum is the largest, the product the smallest."""
    if dtype.kind == "b":
        op = {ReduceOp.SUM: ReduceOp.MAX, ReduceOp.PRODUCT: ReduceOp.MIN}.get(op, op)
    return "PROD" if op is ReduceOp.PRODUCT else op.name
