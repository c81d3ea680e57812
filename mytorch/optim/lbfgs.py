"""L-BFGS: a quasi-Newton method that knows the curvature from its last steps."""

from __future__ import annotations

from ..core.arrays import QUIET, as_array, float_errors, xp
from ..core.grad_mode import enable_grad
from ..core.graph import changed, wrap
from .line_search import strong_wolfe
from .optimizer import Optimizer, check_lr, numbers_checked


class LBFGS(Optimizer):
    """Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5); ``step`` needs a
    closure, which it calls several times.

    A step makes up to ``max_iter`` iterations and ``max_eval`` (default 1.25 · max_iter) evaluations. It
    stops earlier when the largest gradient is at most ``tolerance_grad`` or the parameters or the loss change
    by less than ``tolerance_change``. ``line_search_fn``: None (steps of ``lr``) or ``"strong_wolfe"``.
    ValueError for more than one parameter group.
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
        check_lr(lr)
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
        arrays = [
            xp(p.array).zeros(p.array.size, p.array.dtype) if p.grad is None else p.grad.array.reshape(-1)
            for p in self._params()
        ]
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
        """Minimise for up to ``max_iter`` iterations. ``closure`` computes the loss and its gradients anew;

        the loss at the start is returned.
        """
        token = float_errors.set(QUIET)
        try:
            return self.__minimise(enable_grad()(closure))
        finally:
            float_errors.reset(token)

    def __minimise(self, evaluate):
        group = self.param_groups[0]
        lr, change = float(group["lr"]), group["tolerance_change"]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        state = self.state[self._params()[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = evaluate()
        loss, evaluations = float(first_loss), 1
        state["func_evals"] += 1
        gradient = self.__flat_grad()
        if abs(gradient).max() <= group["tolerance_grad"]:
            return first_loss
        d, t, old_gradient, scale = (_raw(state.get(name)) for name in ("d", "t", "prev_flat_grad", "H_diag"))
        ys, ss, ro = ([_raw(x) for x in state.get(name) or []] for name in ("old_dirs", "old_stps", "ro"))
        old_loss, iterations = state.get("prev_loss"), 0
        while iterations < group["max_iter"]:
            iterations += 1
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d, ys, ss, ro, scale = -gradient, [], [], [], 1
            else:
                y, s = gradient - old_gradient, d * t
                curvature = y.dot(s)
                if curvature > 1e-10:
                    if len(ys) == group["history_size"]:
                        del ys[0], ss[0], ro[0]
                    ys.append(y)
                    ss.append(s)
                    ro.append(1.0 / curvature)
                    scale = curvature / y.dot(y)  # of the initial approximation of the inverse Hessian
                d = _direction(gradient, ys, ss, ro, scale)
            old_gradient, old_loss = gradient, loss
            t = min(1.0, 1.0 / abs(gradient).sum()) * lr if state["n_iter"] == 1 else lr
            slope = gradient.dot(d)
            if slope > -change:
                break
            used = 0
            if group["line_search_fn"] is not None:
                start = [p.array.copy() for p in self._params()]

                def probe(t, d=d, start=start):
                    self.__move(t, d)
                    value, g = float(evaluate()), self.__flat_grad()
                    self.__restore(start)
                    return value, g

                loss, gradient, t, used = strong_wolfe(
                    probe, t, d, loss, gradient, slope, max_evals=group["max_eval"] - evaluations
                )
                self.__move(t, d)
            else:
                self.__move(t, d)
                if iterations != group["max_iter"]:  # after the last move nobody looks at the loss
                    loss, gradient, used = float(evaluate()), self.__flat_grad(), 1
            evaluations += used
            state["func_evals"] += used
            if iterations == group["max_iter"] or evaluations >= group["max_eval"]:
                break
            if (
                abs(gradient).max() <= group["tolerance_grad"]
                or abs(d * t).max() <= change
                or abs(loss - old_loss) < change
            ):
                break
        state.update(
            d=_kept(d),
            t=_kept(t),
            old_dirs=list(map(_kept, ys)),
            old_stps=list(map(_kept, ss)),
            ro=list(map(_kept, ro)),
        )
        state.update(H_diag=_kept(scale), prev_flat_grad=_kept(old_gradient), prev_loss=old_loss)
        return first_loss


def _direction(gradient, ys, ss, ro, scale):
    """−H · gradient by the two-loop recursion, H the approximation of the inverse Hessian."""
    d, alphas = -gradient, []
    for y, s, r in zip(reversed(ys), reversed(ss), reversed(ro)):
        alphas.append(s.dot(d) * r)
        d -= y * alphas[-1]
    d = d * scale
    for y, s, r, alpha in zip(ys, ss, ro, reversed(alphas)):
        d += s * (alpha - y.dot(d) * r)
    return d


def _raw(value):
    return getattr(value, "array", value)


def _kept(value):
    return wrap(as_array(value)) if hasattr(value, "dtype") else value
