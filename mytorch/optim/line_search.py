"""A line search for the strong Wolfe conditions, with cubic interpolation (Nocedal and Wright, Numerical
Optimization, algorithms 3.5 and 3.6).
"""

from __future__ import annotations


def cubic_minimum(x1, f1, g1, x2, f2, g2, bounds=None):
    """Where the cubic through (x1, f1) and (x2, f2) with slopes g1, g2 is smallest within ``bounds`` (by
    default between the two).
    """
    low, high = bounds if bounds is not None else (x1, x2) if x1 <= x2 else (x2, x1)
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
    start = (0, f, g, slope)  # points are (t, loss, gradient, slope along d)

    def point(t):
        f, g = probe(t)
        return t, f, g, g.dot(d)

    def too_high(new):
        return new[1] > f + c1 * new[0] * slope

    # widen until the interval surely holds such a point
    before, new, probes, rounds = start, point(t), 1, 0
    while rounds < max_evals:
        if (
            too_high(new)
            or (rounds > 1 and new[1] >= before[1])
            or (abs(new[3]) > -c2 * slope and new[3] >= 0)
        ):
            bracket = [before, new]
            break
        if abs(new[3]) <= -c2 * slope:
            return new[1], new[2], new[0], probes
        t = cubic_minimum(
            before[0],
            before[1],
            before[3],
            *new[:2],
            new[3],
            (new[0] + 0.01 * (new[0] - before[0]), new[0] * 10),
        )
        before, new = new, point(t)
        probes, rounds = probes + 1, rounds + 1
    else:
        bracket = [start, new]

    # narrow it
    low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
    stuck, largest = False, abs(d).max()
    while rounds < max_evals and abs(bracket[1][0] - bracket[0][0]) * largest >= tolerance_change:
        (x1, f1, _, g1), (x2, f2, _, g2) = bracket
        t, left, right = cubic_minimum(x1, f1, g1, x2, f2, g2), min(x1, x2), max(x1, x2)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:  # near an end: allowed once, unless it is the end itself
            if stuck or t >= right or t <= left:
                t, stuck = (right - margin if abs(t - right) < abs(t - left) else left + margin), False
            else:
                stuck = True
        else:
            stuck = False
        new = point(t)
        probes, rounds = probes + 1, rounds + 1
        if too_high(new) or new[1] >= bracket[low][1]:
            bracket[high] = new
            low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
            continue
        done = abs(new[3]) <= -c2 * slope
        if not done and new[3] * (bracket[high][0] - bracket[low][0]) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = new
        if done:
            break
    t, f, g, _ = bracket[low]
    return f, g, t, probes
