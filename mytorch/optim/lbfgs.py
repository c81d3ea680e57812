"""L-BFGS: a quasi-Newton method that estimates the curvature from its last steps."""

from __future__ import annotations

from ..core.arrays import as_array, quietly, xp
from ..core.grad_mode import enable_grad
from ..core.graph import changed, wrap
from .arguments import check_not_negative, numbers_checked
from .line_search import strong_wolfe
from .optimizer import Optimizer


class LBFGS(Optimizer):
    """p ← p − t · H g, H an approximation of the inverse Hessian from the last steps (Nocedal and Wright,
    Numerical Optimization, algorithms 7.4 and 7.5).

    ``step`` needs a closure, which it calls several times: it makes up to ``max_iter`` iterations and
    ``max_eval`` (default 1.25 · max_iter) evaluations. It stops earlier when the largest gradient is at most
    ``tolerance_grad``, or the parameters or the loss change by less than ``tolerance_change``.
    ``line_search_fn``: None (t = ``lr``) or ``"strong_wolfe"``. ValueError for more than one parameter group.

    Args:
        lr (float): the step length without a line search
        max_iter (int): the largest number of iterations in a step
        max_eval (int): the largest number of evaluations in a step; None is 1.25 · ``max_iter``
        tolerance_grad (float): the largest gradient at which it stops
        tolerance_change (float): the smallest change at which it goes on
        history_size (int): how many steps the approximation of the Hessian remembers
        line_search_fn (str): None or ``"strong_wolfe"``

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (w - 3).square().sum()
        ...     loss.backward()
        ...     return loss
        >>> start = optimizer.step(closure)
        >>> w.detach()
        tensor([3.])
    """

    __scalars__ = ()

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1,
        max_iter=20,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        history_size=100,
        line_search_fn=None,
    ):
        check_not_negative(lr=lr)
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        defaults = dict(
            lr=lr,
            max_iter=max_iter,
            max_eval=max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
        )
        super().__init__(params, defaults | dict(history_size=history_size, line_search_fn=line_search_fn))
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    # ---- the parameters as one flat array --------------------------------------------------------

    def _params(self):
        return self.param_groups[0]["params"]

    def __flat_grad(self):
        gradients = [p.new_zeros(p.shape) if p.grad is None else p.grad for p in self._params()]
        arrays = [(g.to_dense() if g.is_sparse else g).array.reshape(-1) for g in gradients]
        return xp(arrays[0]).concatenate(arrays)

    def __move(self, t, d):
        """Add t · d to the parameters."""
        start = 0
        for p in self._params():
            end = start + p.array.size
            p.array[...] += d[start:end].reshape(p.array.shape) * t
            changed(p)
            start = end

    def __restore(self, arrays):
        for p, array in zip(self._params(), arrays):
            p.array[...] = array
            changed(p)

    # ---- one step --------------------------------------------------------------------------------

    def step(self, closure):
        """Minimise for up to ``max_iter`` iterations. Returns the loss at the start.

        ``closure`` computes the loss and its gradients anew.
        """
        return quietly(self.__minimise, enable_grad()(closure))

    def __minimise(self, evaluate):
        group = self.param_groups[0]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        lr, max_iter, max_eval = float(group["lr"]), group["max_iter"], group["max_eval"]
        state = self.state[self._params()[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = evaluate()
        loss, gradient, evaluations = float(first_loss), self.__flat_grad(), 1
        state["func_evals"] += 1
        if abs(gradient).max() <= group["tolerance_grad"]:
            return first_loss
        history = _History(state)
        d, t, old_gradient = (_array(state.get(name)) for name in ("d", "t", "prev_flat_grad"))
        old_loss = state.get("prev_loss")
        for iteration in range(1, max_iter + 1):
            state["n_iter"] += 1
            first, last = state["n_iter"] == 1, iteration == max_iter
            if first:
                history.clear()
                d = -gradient
                t = min(1.0, 1.0 / abs(gradient).sum()) * lr
            else:
                history.add(gradient - old_gradient, d * t, group["history_size"])
                d = history.direction(gradient)
                t = lr
            old_gradient, old_loss = gradient, loss
            slope = gradient.dot(d)
            if slope > -group["tolerance_change"]:
                break
            if group["line_search_fn"] is not None:
                loss, gradient, t, used = self.__search(
                    evaluate, t, d, loss, gradient, slope, max_eval - evaluations
                )
            else:
                self.__move(t, d)
                used = 0
                if not last:  # after the last move the loss is not needed
                    loss, gradient, used = float(evaluate()), self.__flat_grad(), 1
            evaluations += used
            state["func_evals"] += used
            if last or evaluations >= max_eval or _converged(group, gradient, d * t, loss - old_loss):
                break
        history.save(state)
        state.update(d=_saved(d), t=_saved(t), prev_flat_grad=_saved(old_gradient), prev_loss=old_loss)
        return first_loss

    def __search(self, evaluate, t, d, loss, gradient, slope, max_evals):
        """Move along ``d`` by the step length that the line search finds.

        Returns (loss, gradient, step length, number of evaluations).
        """
        start = [p.array.copy() for p in self._params()]

        def probe(t):
            self.__move(t, d)
            value, g = float(evaluate()), self.__flat_grad()
            self.__restore(start)
            return value, g

        loss, gradient, t, used = strong_wolfe(probe, t, d, loss, gradient, slope, max_evals=max_evals)
        self.__move(t, d)
        return loss, gradient, t, used


def _converged(group, gradient, step, loss_change):
    return (
        abs(gradient).max() <= group["tolerance_grad"]
        or abs(step).max() <= group["tolerance_change"]
        or abs(loss_change) < group["tolerance_change"]
    )


class _History:
    """The last steps s, the changes y of the gradient in them, and 1 / yᵀs; ``scale`` times the identity is
    the initial approximation of the inverse Hessian.
    """

    def __init__(self, state):
        """As it was saved in ``state``."""
        self.ys, self.ss, self.ro = (
            [_array(x) for x in state.get(name) or []] for name in ("old_dirs", "old_stps", "ro")
        )
        self.scale = _array(state.get("H_diag"))

    def clear(self):
        """Forget all steps."""
        self.ys, self.ss, self.ro, self.scale = [], [], [], 1

    def add(self, y, s, size):
        """Add a step of positive curvature, and forget the oldest one beyond ``size``."""
        curvature = y.dot(s)
        if not curvature > 1e-10:
            return
        if len(self.ys) == size:
            del self.ys[0], self.ss[0], self.ro[0]
        self.ys.append(y)
        self.ss.append(s)
        self.ro.append(1.0 / curvature)
        self.scale = curvature / y.dot(y)

    def direction(self, gradient):
        """−H · gradient by the two-loop recursion, H the approximation of the inverse Hessian."""
        d, alphas = -gradient, []
        for y, s, r in zip(reversed(self.ys), reversed(self.ss), reversed(self.ro)):
            alphas.append(s.dot(d) * r)
            d -= y * alphas[-1]
        d = d * self.scale
        for y, s, r, alpha in zip(self.ys, self.ss, self.ro, reversed(alphas)):
            d += s * (alpha - y.dot(d) * r)
        return d

    def save(self, state):
        """Write it to ``state`` under torch's names."""
        for name, values in (("old_dirs", self.ys), ("old_stps", self.ss), ("ro", self.ro)):
            state[name] = [_saved(value) for value in values]
        state["H_diag"] = _saved(self.scale)


def _array(value):
    return getattr(value, "array", value)


def _saved(value):
    """``value`` as a tensor if it is an array."""
    return wrap(as_array(value)) if hasattr(value, "dtype") else value
