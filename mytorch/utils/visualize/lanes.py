"""The lanes of a graph's edges beside its rows, as in ``git log --graph``.

Each edge has a lane from its row down to the row of its input.
"""

from __future__ import annotations

from typing import NamedTuple


class Lanes(NamedTuple):
    """One row: the lane of its node, the lanes that end there, those of its edges, and those that pass."""

    at: int
    into: list
    out: list
    through: list


def lanes_of(rows):
    """[Lanes], one per row of a :class:`Graph`."""
    active, result = [], []  # active[lane]: the row that the lane leads to, or None
    for row in rows:
        into = [lane for lane, goal in enumerate(active) if goal is row]
        at = into[0] if into else _free(active)
        through = [lane for lane, goal in enumerate(active) if goal not in (None, row)]
        for lane in into:
            active[lane] = None
        out, goals = [], sorted(set(row.edges), key=lambda goal: -goal.index)
        for goal in goals:  # the longest edge stays in the node's lane
            if goal in active:
                lane = active.index(goal)
            else:
                lane = at if active[at : at + 1] in ([], [None]) else _free(active)
                active += [None] * (lane + 1 - len(active))
                active[lane] = goal
            out.append(lane)
        while active and active[-1] is None:
            active.pop()
        result.append(Lanes(at, into, sorted(out), through))
    return result


def _free(active):
    """The first free lane."""
    return active.index(None) if None in active else len(active)


def drawn(lanes):
    """One row as text: ``●`` is the node, ``│`` a lane that passes, ``╮`` and ``╯`` a begin and an end.

    ``─│─`` is a crossing, ``─┼─`` a join.
    """
    at, into, out, through = lanes
    here = {at, *into, *out}
    left, right = min(here), max(here)
    cells = []
    for lane in range(max([right, *through]) + 1):
        across = left <= lane <= right
        if lane == at:
            cell = "●"
        elif lane not in here:
            cell = "│" if lane in through else "─" if across else " "
        else:
            up, down = lane in into or lane in through, lane in out or lane in through
            ends = {(True, True): "┤├┼", (False, True): "╮╭┬", (True, False): "╯╰┴"}[up, down]
            cell = ends[2 if left < lane < right else 1 if lane == left else 0]
        cells.append(cell + ("─" if left <= lane < right else " "))
    return "".join(cells).rstrip()
