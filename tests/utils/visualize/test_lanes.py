"""The lanes beside the text of a graph."""

import pytest

from mytorch.utils.visualize.graph import Graph
from mytorch.utils.visualize.lanes import Lanes, drawn, lanes_of


@pytest.mark.parametrize(
    ("lanes", "text"),
    [
        (Lanes(0, [0], [0], []), "●"),
        (Lanes(0, [0], [0, 1, 2], []), "●─┬─╮"),
        (Lanes(0, [0, 2], [0], [1]), "●─│─╯"),
        (Lanes(1, [1, 2], [0, 1], [0]), "├─●─╯"),
        (Lanes(1, [0, 1], [0, 1, 2], []), "├─●─╮"),
        (Lanes(2, [2], [], [0, 1]), "│ │ ●"),
        (Lanes(2, [2], [0, 1], [0, 1]), "├─┼─●"),
        (Lanes(2, [1, 2], [], [0]), "│ ╰─●"),
    ],
)
def test_drawn_lanes(lanes, text):
    assert drawn(lanes) == text


def test_every_edge_has_a_lane_to_its_input(traced):
    """Follow the lanes down: from each row they lead to its inputs and nowhere else."""
    rows = Graph(traced[2]).rows
    lanes = lanes_of(rows)
    for row, start in zip(rows, lanes):
        reached = set()
        for lane in start.out:
            below = next(i for i in range(row.index + 1, len(rows)) if lane in lanes[i].into)
            assert all(lane in lanes[i].through for i in range(row.index + 1, below))
            reached.add(rows[below])
        assert reached == set(row.edges)
