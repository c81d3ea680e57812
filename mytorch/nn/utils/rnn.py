"""Sequences of different lengths in one tensor: padded, or packed without padding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy

from ...core.arrays import device_of, move, xp
from ...core.graph import wrap
from ...core.sums import summed
from ...ops.elementwise import select
from ...ops.gather import index_select
from ...ops.indexing import getitem, put_in_zeros
from ...ops.join import cat
from ...tensors.casting import ShortCasts
from ...tensors.creation import as_tensor
from ...tensors.public_names import lookup as _lookup
from ...tensors.tensor import Tensor


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed, ShortCasts):
    """Sequences of different lengths without padding: ``data`` (Σ lengths, …) holds the first steps of all
    sequences, then the second steps, and so on.

    ``batch_sizes`` has the number of sequences at each step; ``sorted_indices`` is the order of the
    sequences, longest first, ``unsorted_indices`` its inverse. Made by :func:`pack_padded_sequence` and
    :func:`pack_sequence`.
    """

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        if batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Make instances of PackedSequence by "
                "pack_sequence and pack_padded_sequence."
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """The same sequences with ``data`` on another device or in another dtype."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        orders = (
            None if t is None else t.to(data.device) for t in (self.sorted_indices, self.unsorted_indices)
        )
        return type(self)(data, self.batch_sizes, *orders)

    def long(self):
        """The same sequences in int64."""
        return self.to(dtype="int64")

    def int(self):
        """The same sequences in int32."""
        return self.to(dtype="int32")

    def pin_memory(self):
        """The sequences themselves: see :meth:`Tensor.pin_memory`."""
        return self

    @property
    def is_cuda(self):
        """Whether ``data`` is on a GPU."""
        return self.data.is_cuda

    def places(self):
        """The (time, sequence) of each row of ``data``, as two index arrays."""
        m, sizes = xp(self.data.array), move(self.batch_sizes.array, device_of(self.data.array))
        longest, batch = len(sizes), int(self.batch_sizes.array[0])
        return m.nonzero(m.arange(batch)[None] < sizes[:longest, None])

    def padded(self):
        """``data`` as (T, B, …), padded with zeros; the sequences are in sorted order."""
        shape = (len(self.batch_sizes), int(self.batch_sizes.array[0]), *self.data.shape[1:])
        return put_in_zeros(self.data, shape=shape, index=self.places())


def invert_permutation(permutation):
    """The permutation that undoes ``permutation``; None for None."""
    return None if permutation is None else wrap(permutation.array.argsort())


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Pack padded sequences (T, B, …), or (B, T, …) with ``batch_first``, of ``lengths`` (B,).

    They have to be sorted, longest first; ``enforce_sorted=False`` sorts them. RuntimeError for lengths that
    do not fit.
    """
    lengths = as_tensor(lengths).cpu().array.astype("int64")
    if not batch_first:
        input = input.transpose(0, 1)
    if lengths.size != input.shape[0]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {lengths.size} "
            f"(batch_size={input.shape[0]})"
        )
    if lengths.size == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    order = None
    if not enforce_sorted:
        order = (-lengths).argsort(kind="stable")
        lengths = lengths[order]
        order = wrap(move(order, device_of(input.array)))
        input = index_select(input, 0, order)
    elif (lengths[1:] > lengths[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this "
            "requirement if you do not need ONNX exportability."
        )
    if lengths[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0: "
            f"{lengths.tolist()}"
        )
    if lengths[0] > input.shape[1]:
        raise RuntimeError(
            f"Expected lengths of at most {input.shape[1]}, the padded length of the input, but got "
            f"{int(lengths[0])}"
        )
    m = xp(input.array)
    times, rows = m.nonzero(m.asarray(lengths)[None] > m.arange(int(lengths[0]))[:, None])
    sizes = summed(lengths[None] > xp(lengths).arange(lengths[0])[:, None], 1)
    return PackedSequence(getitem(input, index=(rows, times)), wrap(sizes.astype("int64")), order)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """The reverse of :func:`pack_padded_sequence`: (padded sequences (T, B, …), their lengths (B,)).

    ``total_length`` is the length after padding. ValueError for a length below that of the longest sequence.
    """
    sizes = sequence.batch_sizes.array
    longest, batch = len(sizes), int(sizes[0])
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    places, shape = sequence.places(), (total_length or longest, batch, *sequence.data.shape[1:])
    padded = put_in_zeros(sequence.data, shape=shape, index=places)
    if padding_value:
        there = xp(places[0]).zeros(shape[:2], bool)
        there[places] = True
        padded = select(there.reshape(*shape[:2], *[1] * (len(shape) - 2)), padded, padding_value)
    lengths = summed(sizes[:, None] > xp(sizes).arange(batch), 0)
    if sequence.unsorted_indices is not None:
        padded = index_select(padded, 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices.cpu().array]
    return padded.transpose(0, 1) if batch_first else padded, wrap(lengths)


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Stack tensors (Lᵢ, …), padded with ``padding_value``: (T, B, …), or (B, T, …) with ``batch_first``."""
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}")
    for i, s in enumerate(sequences):
        if not isinstance(s, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(s).__name__}")
    rest = tuple(sequences[0].shape[1:])
    for s in sequences:
        if tuple(s.shape[1:]) != rest:
            raise RuntimeError(
                "The sizes of the sequences must match except in dimension 0, got "
                f"{list(sequences[0].shape)} and {list(s.shape)}"
            )
    lengths = numpy.array([len(s) for s in sequences])
    longest = int(lengths.max())
    starts = (longest - lengths if padding_side == "left" else 0 * lengths)[:, None]
    steps = numpy.arange(longest)[None]
    there = (steps >= starts) & (steps < starts + lengths[:, None])  # (B, T)
    joined = cat(sequences)
    there = move(there, device_of(joined.array))
    padded = put_in_zeros(joined, shape=(*there.shape, *rest), index=xp(there).nonzero(there))
    if padding_value:
        padded = select(there.reshape(*there.shape, *[1] * len(rest)), padded, padding_value)
    return padded if batch_first else padded.transpose(0, 1)


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The reverse of :func:`pad_sequence`: a list of tensors (Lᵢ, …)."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [sequence[: int(n)].clone() for sequence, n in zip(padded_sequences, lengths, strict=True)]


def pack_sequence(sequences, enforce_sorted=True):
    """Pack a list of tensors (Lᵢ, …), sorted with the longest first unless ``enforce_sorted=False``."""
    lengths = [len(s) for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """The reverse of :func:`pack_sequence`: a list of tensors (Lᵢ, …)."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


__getattr__ = _lookup(__name__, tensors=True)
