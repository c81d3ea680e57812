"""A line search for the strong Wolfe conditions, with cubic interpolation (Nocedal and Wright, Numerical
Optimization, algorithms 3.5 and 3.6).
"""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """A step length, and the loss, gradient and slope along the direction there."""

    t: float
    loss: float
    gradient: object
    slope: float


def cubic_minimum(x1, f1, g1, x2, f2, g2, bounds=None):
    """Where the cubic through (x1, f1) and (x2, f2) with slopes g1, g2 is smallest within ``bounds`` (by
    default between x1 and x2).
    """
    if bounds is not None:
        low, high = bounds
    else:
        low, high = min(x1, x2), max(x1, x2)
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1**2 - g1 * g2
    if not square >= 0:
        return (low + high) / 2.0
    d2 = square**0.5
    if x1 <= x2:
        at = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    else:
        at = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
    return min(max(at, low), high)


def strong_wolfe(probe, t, d, f, g, slope, c1=1e-4, c2=0.9, tolerance_change=1e-9, max_evals=25):
    """A step length along ``d`` that lowers the loss enough (c1) and flattens the slope enough (c2).

    ``probe(t)`` gives loss and gradient at x + t · d; ``f``, ``g``, ``slope`` are those at x. Returns (loss,
    gradient, t, number of probes).
    """
    search = _Search(probe, d, Point(0, f, g, slope), c1, c2, max_evals)
    found = search.widen(t)
    if isinstance(found, list):
        found = search.narrow(found, tolerance_change)
    return found.loss, found.gradient, found.t, search.probes


class _Search:
    """One line search: from ``start`` along ``d``."""

    def __init__(self, probe, d, start, c1, c2, max_evals):
        self.probe, self.d, self.start, self.c1, self.c2 = probe, d, start, c1, c2
        self.max_evals, self.probes, self.rounds = max_evals, 0, 0

    def point(self, t):
        loss, gradient = self.probe(t)
        self.probes += 1
        return Point(t, loss, gradient, gradient.dot(self.d))

    def too_high(self, point):
        """Whether the loss has not fallen enough for the length of the step."""
        return point.loss > self.start.loss + self.c1 * point.t * self.start.slope

    def flat(self, point):
        """Whether the slope is flat enough."""
        return abs(point.slope) <= -self.c2 * self.start.slope

    def widen(self, t):
        """Lengthen the step, from ``t``, until it is a solution, a Point, or until there is an interval that
        contains one, a list of two.
        """
        before, new = self.start, self.point(t)
        while self.rounds < self.max_evals:
            if self.too_high(new) or (self.rounds > 1 and new.loss >= before.loss):
                return [before, new]
            if self.flat(new):
                return new
            if new.slope >= 0:
                return [before, new]
            bounds = new.t + 0.01 * (new.t - before.t), new.t * 10
            t = cubic_minimum(before.t, before.loss, before.slope, new.t, new.loss, new.slope, bounds)
            before, new = new, self.point(t)
            self.rounds += 1
        return [self.start, new]

    def narrow(self, bracket, tolerance_change):
        """Shrink the interval ``bracket`` until one end is a solution; returns its end of lower loss."""
        low, high = _lower_first(bracket)
        near_an_end, largest = False, abs(self.d).max()
        while self.rounds < self.max_evals and abs(bracket[1].t - bracket[0].t) * largest >= tolerance_change:
            t, near_an_end = _next_length(*bracket, near_an_end)
            new = self.point(t)
            self.rounds += 1
            if self.too_high(new) or new.loss >= bracket[low].loss:
                bracket[high] = new
                low, high = _lower_first(bracket)
                continue
            done = self.flat(new)
            if not done and new.slope * (bracket[high].t - bracket[low].t) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = new
            if done:
                break
        return bracket[low]


def _lower_first(bracket):
    """The places of the two ends, the one with the lower loss first."""
    return (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)


def _next_length(a, b, was_near_an_end):
    """Where to probe between ``a`` and ``b``, and whether that is close to an end; the second time in a row
    it is moved away from there.
    """
    t = cubic_minimum(a.t, a.loss, a.slope, b.t, b.loss, b.slope)
    left, right = min(a.t, b.t), max(a.t, b.t)
    margin = 0.1 * (right - left)
    near_an_end = min(right - t, t - left) < margin
    if not near_an_end:
        return t, False
    if not was_near_an_end and left < t < right:
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False
