"""Einstein summation: any sum of products over named dimensions, as a chain of matrix products."""

from __future__ import annotations

import math
import string

from ...core.sums import summed
from ..diagonal import diagonal
from ..matmul import matmul
from ..permute import permute
from ..shape import reshape

_LETTERS = string.ascii_uppercase + string.ascii_lowercase  # the order of the output's dimensions by default


def einsum(equation, *operands):
    """The sum of products that ``equation`` describes, such as ``einsum("bij,bjk->bik", x, y)``.

    Every letter names a dimension: where it repeats, elements are paired; where the output (after ``->``; by
    default the letters that occur once, in alphabetical order) lacks it, they are summed. ``...`` stands for
    any dimensions, which broadcast. Instead of letters, ``einsum(x, [0, 1], y, [1, 2], [0, 2])``. More than
    two operands are contracted pair by pair, the pair with the smallest result first. RuntimeError for an
    equation that does not fit the operands.
    """
    if not isinstance(equation, str):
        equation, operands = _from_lists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    inputs, output = _parse(equation, operands)
    terms = [_distinct(x, labels, i) for i, (x, labels) in enumerate(zip(operands, inputs))]
    size = _sizes(terms)
    terms = [_without_spread(x, labels, size) for x, labels in terms]
    while len(terms) > 1:
        i, j = _cheapest(terms, size, output)
        second, first = terms.pop(j), terms.pop(i)
        needed = set(output).union(*(labels for _, labels in terms))
        terms.append(_contract(*first, *second, needed, size))
    x, labels = _summed(*terms[0], set(output))
    missing = [label for label in output if label not in labels]  # dimensions of size 1 that were squeezed
    x = reshape(x, shape=tuple(x.shape) + (1,) * len(missing)) if missing else x
    labels = (*labels, *missing)
    if labels == output and x is not operands[0]:
        return x
    return permute(x, dims=tuple(labels.index(label) for label in output))


# ---- the equation --------------------------------------------------------------------------------


def _from_lists(args):
    """The form with lists of numbers, as an equation."""
    output = "" if len(args) % 2 == 0 else "->" + _letters(args[-1])
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand "
            "and its subscripts list"
        )
    pairs = args[: len(args) // 2 * 2]
    return ",".join(map(_letters, pairs[1::2])) + output, pairs[::2]


def _letters(numbers):
    """The subscripts that a list of numbers stands for."""
    if any(n is not Ellipsis and not 0 <= n < 52 for n in numbers):
        raise ValueError("einsum(): subscripts in the lists must be in the range [0, 52)")
    return "".join("..." if n is Ellipsis else _LETTERS[n] for n in numbers)


def _subscripts(text, start, where):
    """The labels of one operand: letters, and None for an ellipsis."""
    labels, i = [], 0
    while i < len(text):
        if text[i] == ".":
            if text[i : i + 3] != "...":
                raise RuntimeError(f"einsum(): found '.' for {where} that is not part of any ellipsis")
            if None in labels:
                raise RuntimeError(f"einsum(): found '.' for {where} for which an ellipsis was already found")
            labels.append(None)
            i += 3
            continue
        if text[i] != " ":
            if text[i] not in _LETTERS:
                raise RuntimeError(
                    f"einsum(): invalid subscript given at index {start + i} in the equation string, "
                    "subscripts must be in [a-zA-Z]"
                )
            labels.append(text[i])
        i += 1
    return labels


def _parse(equation, operands):
    """The labels of each operand's dimensions and those of the output.

    Dimensions of an ellipsis are numbered from the last: -1, -2, …
    """
    if not operands:
        raise RuntimeError("einsum(): must provide at least one operand")
    left, arrow, right = equation.partition("->")
    texts, start, inputs, longest = left.split(","), 0, [], 0
    for i, text in enumerate(texts):
        labels = _subscripts(text, start, f"operand {i}")
        start += len(text) + 1
        if i >= len(operands):
            raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
        spread = _ellipsis_dims(labels, len(operands[i].shape), i)
        longest = max(longest, spread)
        inputs.append(
            tuple(label for name in labels for label in (range(-spread, 0) if name is None else (name,)))
        )
    if len(operands) > len(texts):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    ellipsis = tuple(range(-longest, 0))
    if not arrow:
        every = [label for labels in inputs for label in labels if isinstance(label, str)]
        return inputs, (*ellipsis, *(letter for letter in _LETTERS if every.count(letter) == 1))
    return inputs, _parse_output(_subscripts(right, len(left) + 2, "the output"), inputs, ellipsis)


def _ellipsis_dims(labels, ndim, i):
    """How many dimensions of operand ``i`` the ellipsis stands for. RuntimeError if labels do not fit."""
    spread = ndim - sum(label is not None for label in labels)
    if spread < 0 or (spread and None not in labels):
        also = "but no ellipsis was given" if spread < 0 and None in labels else "and no ellipsis was given"
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({ndim - spread}) does not match the number "
            f"of dimensions ({ndim}) for operand {i} {also}"
        )
    return spread


def _parse_output(subscripts, inputs, ellipsis):
    """The labels of the output. RuntimeError for unknown and repeated ones."""
    known = {label for labels in inputs for label in labels}
    output = []
    for label in subscripts:
        if label is not None and label not in known:
            raise RuntimeError(
                f"einsum(): output subscript {label} does not appear in the equation for any input operand"
            )
        if label is not None and label in output:
            raise RuntimeError(f"einsum(): output subscript {label} appears more than once in the output")
        output += ellipsis if label is None else [label]
    return tuple(output)


def _distinct(x, labels, number):
    """An operand whose repeated labels were replaced by the diagonal."""
    labels = list(labels)
    for label in set(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            if x.shape[i] != x.shape[j]:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand {number} but the sizes don't "
                    f"match, {x.shape[j]} != {x.shape[i]}"
                )
            x = diagonal(x, dim1=i, dim2=j)
            del labels[j], labels[i]
            labels.append(label)
    return x, tuple(labels)


def _sizes(terms):
    """The size of each label. RuntimeError if operands differ."""
    size: dict = {}
    for i, (x, labels) in enumerate(terms):
        for label, n in zip(labels, x.shape):
            seen = size.get(label, 1)
            if n not in (1, seen) and seen != 1:
                raise RuntimeError(
                    f"einsum(): subscript {label} has size {n} for operand {i} which does not broadcast "
                    f"with previously seen size {seen}"
                )
            size[label] = n if seen == 1 else seen
    return size


def _without_spread(x, labels, size):
    """An operand without the dimensions of size 1 that stand for more: it does not vary along them."""
    kept = tuple(label for label, n in zip(labels, x.shape) if n == size[label])
    if kept == labels:
        return x, labels
    return reshape(x, shape=tuple(size[label] for label in kept)), kept


# ---- the products --------------------------------------------------------------------------------


def _cheapest(terms, size, output):
    """The pair of terms whose product costs least: first in growth of memory, then in multiplications."""
    if len(terms) == 2:
        return 0, 1
    best = None
    for j in range(1, len(terms)):
        for i in range(j):
            pair = set(terms[i][1]) | set(terms[j][1])
            needed = set(output).union(*(labels for k, (_, labels) in enumerate(terms) if k not in (i, j)))
            grown = math.prod(size[label] for label in pair & needed) - sum(
                math.prod(x.shape) for x, _ in (terms[i], terms[j])
            )
            cost = (grown, math.prod(size[label] for label in pair), i, j)
            best = cost if best is None else min(best, cost)
    return best[2:]


def _summed(x, labels, needed):
    """``x`` summed over the dimensions that nothing else needs."""
    dims = tuple(i for i, label in enumerate(labels) if label not in needed)
    if not dims:
        return x, labels
    return summed(x, dims), tuple(label for label in labels if label in needed)


def _contract(x, of_x, y, of_y, needed, size):
    """The product of two terms, summed over the labels that only they have."""
    x, of_x = _summed(x, of_x, needed | set(of_y))
    y, of_y = _summed(y, of_y, needed | set(of_x))
    shared = [label for label in of_x if label in of_y]
    batch = [label for label in shared if label in needed]
    inner = [label for label in shared if label not in needed]
    rows = [label for label in of_x if label not in shared]
    columns = [label for label in of_y if label not in shared]
    front, heights, widths = ([size[label] for label in group] for group in (batch, rows, columns))
    if not inner:  # nothing to sum: a product with broadcasting
        left = _arranged(x, of_x, batch + rows, [*front, *heights, *[1] * len(columns)])
        right = _arranged(y, of_y, batch + columns, [*front, *[1] * len(rows), *widths])
        return left * right, (*batch, *rows, *columns)
    n, k, m = math.prod(heights), math.prod(size[label] for label in inner), math.prod(widths)
    left = _arranged(x, of_x, batch + rows + inner, [*front, n, k])
    right = _arranged(y, of_y, batch + inner + columns, [*front, k, m])
    labels = (*batch, *rows, *columns)
    return reshape(matmul(left, right), shape=tuple(size[label] for label in labels)), labels


def _arranged(x, labels, order, shape):
    """``x`` with its dimensions in ``order``, then in ``shape``."""
    dims = tuple(labels.index(label) for label in order)
    x = permute(x, dims=dims) if dims != tuple(range(len(dims))) else x
    return x if tuple(x.shape) == tuple(shape) else reshape(x, shape=tuple(shape))
