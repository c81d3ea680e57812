"""Numerical checks of gradients: backward, and tangents, against central differences.

The difference is ``(f(x + eps) - f(x - eps)) / (2 eps)``. A complex number counts as two real ones, in the
columns of the Jacobian (inputs) and in its rows (outputs).
"""

from __future__ import annotations

import itertools
import warnings

import numpy

from ..core.arrays import device_of, move
from ..core.graph import Variable, wrap
from ..core.sums import summed
from .forward_ad import dual_level, make_dual, unpack_dual
from .grad import grad
from .real_numbers import count_reals, position, random_like, real_values, unit_steps


class GradcheckError(RuntimeError):
    """Raised by :func:`gradcheck` and :func:`gradgradcheck` for a wrong gradient."""


def gradcheck(
    func,
    inputs,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_batched_forward_grad=False,
    check_forward_ad=False,
    check_backward_ad=True,
    fast_mode=False,
    masked=None,
):
    """Compare the gradients of ``func(*inputs)`` with central differences; True if they agree.

    Inputs have any shapes. Every entry of the Jacobian must satisfy |analytical - numerical| <= atol + rtol ·
    |numerical|. Integer outputs and those outside of the graph are ignored.

    Raises GradcheckError, which shows the function, the input, the index and both numbers; ValueError if no
    input requires grad; NotImplementedError for ``check_batched_forward_grad``.
    """
    if check_batched_forward_grad:
        raise NotImplementedError("gradcheck: there are no batched forward gradients to check")
    if not (check_backward_ad or check_forward_ad):
        raise ValueError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    inputs = _as_tuple(inputs)
    _check_inputs(inputs)
    check = _Check(func, inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes, check_batched_grad)
    wanted = {"backward": check_backward_ad, "forward": check_forward_ad}
    return all(check.verdict(fast_mode, raise_exception, mode) for mode in wanted if wanted[mode])


def gradgradcheck(
    func,
    inputs,
    grad_outputs=None,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    gen_non_contig_grad_outputs=False,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_fwd_over_rev=False,
    check_rev_over_rev=True,
    fast_mode=False,
    masked=False,
):
    """Check second derivatives: :func:`gradcheck` of the gradients of ``func``.

    The gradients are checked with respect to ``inputs`` and ``grad_outputs``.

    With ``check_fwd_over_rev`` the tangents of the gradients are checked as well. Raises GradcheckError as
    :func:`gradcheck`, and ValueError for no check.
    """
    if not (check_rev_over_rev or check_fwd_over_rev):
        raise ValueError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    inputs = _as_tuple(inputs)
    _check_inputs(inputs)
    if grad_outputs is None:
        rng = numpy.random.default_rng(0)  # not the user's random state
        grad_outputs = tuple(
            random_like(o, rng, gen_non_contig_grad_outputs) for o in _differentiable(func(*inputs))
        )
    else:
        grad_outputs = _as_tuple(grad_outputs)
    gradients = _gradient_function(func, len(inputs))
    settings = (eps, atol, rtol, nondet_tol, check_grad_dtypes, check_batched_grad)
    check = _Check(gradients, inputs + grad_outputs, *settings, every_output=True)
    wanted = {"backward": check_rev_over_rev, "forward": check_fwd_over_rev}
    return all(check.verdict(fast_mode, raise_exception, mode) for mode in wanted if wanted[mode])


def _gradient_function(func, count):
    """The gradients of ``func`` as a function of its ``count`` inputs and the gradients of its outputs."""

    def gradients(*arguments):
        inputs, seeds = arguments[:count], arguments[count:]
        live = [x for x in inputs if isinstance(x, Variable) and x.requires_grad]
        outputs = _differentiable(func(*inputs))
        if not outputs:
            return ()
        found = grad(outputs, live, seeds, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    gradients.__name__ = f"the gradient of {_name_of(func)}"
    return gradients


class _Check:
    """One comparison of a function's gradients with central differences."""

    def __init__(
        self, func, inputs, eps, atol, rtol, nondet_tol, check_dtypes, check_batched, every_output=False
    ):
        self.func, self.inputs, self.eps, self.atol, self.rtol = func, inputs, eps, atol, rtol
        self.nondet_tol, self.every_output = nondet_tol, every_output
        self.check_dtypes, self.check_batched = check_dtypes, check_batched
        self.live = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Variable) and x.requires_grad]

    def verdict(self, fast, raise_exception, mode):
        try:
            self.run(fast, mode)
        except GradcheckError:
            if raise_exception:
                raise
            return False
        return True

    def run(self, fast, mode):
        outputs = self.outputs()
        if not outputs:
            self._no_differentiable_outputs()
        elif mode == "forward":
            self._slow(outputs, self.by_columns(outputs))
        elif not (fast and self._projections_agree(outputs)):
            self._slow(outputs, [self.analytical(o, j) for j, o in enumerate(outputs)])

    def _slow(self, outputs, analytical):
        numerical = self.numerical()
        for (j, output), (k, (i, x)) in itertools.product(enumerate(outputs), enumerate(self.live)):
            self._compare(analytical[j][k], numerical[k][j], j, output, i, x)

    def outputs(self):
        """The outputs to check.

        With ``every_output`` an output outside of the graph counts as one with derivative zero.
        """
        made = _differentiable(self.func(*self.inputs), every=self.every_output)
        return made if any(o.requires_grad for o in made) or self.every_output else []

    def values(self):
        """The outputs as flat float64 arrays on the host."""
        return [real_values(o) for o in self.outputs()]

    def numerical(self):
        """For each input the Jacobians of all outputs, (output numbers, input numbers), by differences.

        The input's memory is changed element by element.
        """
        jacobians = []
        for _, x in self.live:
            columns = [
                self._difference(x.array, index, x.array[index].item(), step * self.eps)
                for index in numpy.ndindex(x.array.shape)
                for step in unit_steps(x.array.dtype)
            ]
            if columns:
                jacobians.append([numpy.stack(of_output, axis=1) for of_output in zip(*columns)])
            else:
                jacobians.append([numpy.zeros((0, 0)) for _ in self.values()])
        return jacobians

    def _difference(self, array, index, value, step):
        try:
            array[index] = value + step
            above = self.values()
            array[index] = value - step
            below = self.values()
        finally:
            array[index] = value
        return [(a - b) / (2 * self.eps) for a, b in zip(above, below, strict=True)]

    def analytical(self, output, j):
        """For each input the Jacobian of ``output``, (output numbers, input numbers), by backward.

        Each row is computed twice, to compare the two runs.
        """
        xs = [x for _, x in self.live]
        jacobians = [numpy.zeros((count_reals(output), count_reals(x))) for x in xs]
        if not output.requires_grad:
            return jacobians
        eye = numpy.eye(output.array.size, dtype=output.array.dtype)
        seeds = numpy.stack([eye * unit for unit in unit_steps(eye.dtype)], 1)
        seeds = seeds.reshape(count_reals(output), *output.array.shape)
        for row, seed in enumerate(seeds):
            seed = wrap(move(seed, device_of(output.array)))
            first, second = (grad(output, xs, seed, True, allow_unused=True) for _ in range(2))
            for k, (i, x) in enumerate(self.live):
                if first[k] is not None:
                    self._check_gradient(first[k], second[k], j, output, i, x)
                    jacobians[k][row] = real_values(first[k])
        if self.check_batched and len(seeds):
            batch = grad(
                output,
                xs,
                wrap(move(seeds, device_of(output.array))),
                True,
                allow_unused=True,
                is_grads_batched=True,
            )
            for g, jacobian, (i, x) in zip(batch, jacobians, self.live):
                if g is not None and not numpy.allclose(real_values(g).reshape(jacobian.shape), jacobian):
                    raise GradcheckError(
                        f"{self._where(j, output, i, x)}: batched gradients differ from single ones"
                    )
        return jacobians

    def by_columns(self, outputs):
        """The Jacobians of all outputs, as of :meth:`analytical`: each column is the tangent of a dual."""
        jacobians = [[numpy.zeros((count_reals(o), count_reals(x))) for _, x in self.live] for o in outputs]
        for k, (i, x) in enumerate(self.live):
            eye = numpy.eye(x.array.size, dtype=x.array.dtype)
            units = numpy.stack([eye * unit for unit in unit_steps(eye.dtype)], 1)
            for column, unit in enumerate(units.reshape(count_reals(x), *x.array.shape)):
                with dual_level():
                    dual = make_dual(x, wrap(move(unit, device_of(x.array))))
                    made = self.func(*self.inputs[:i], dual, *self.inputs[i + 1 :])
                    for j, output in enumerate(_differentiable(made, every=self.every_output)):
                        if (tangent := unpack_dual(output).tangent) is not None:
                            jacobians[j][k][:, column] = real_values(tangent)
        return jacobians

    def _check_gradient(self, g, again, j, output, i, x):
        if g.array.shape != x.array.shape:
            raise GradcheckError(
                f"{self._where(j, output, i, x)}: the gradient has shape {list(g.array.shape)}"
            )
        if self.check_dtypes and g.array.dtype != x.array.dtype:
            raise GradcheckError(
                f"{self._where(j, output, i, x)}: the gradient has dtype {g.array.dtype}, not {x.array.dtype}"
            )
        difference = numpy.abs(real_values(g) - real_values(again)).max(initial=0)
        if difference > self.nondet_tol:
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
                f"times gives different values: {self._where(j, output, i, x)} they differ by "
                f"{difference:.3g}, nondet_tol is {self.nondet_tol}."
            )

    def _compare(self, analytical, numerical, j, output, i, x):
        if analytical.size == 0:
            return
        with numpy.errstate(invalid="ignore"):
            distance = numpy.abs(analytical - numerical)
            wrong = ~(distance <= self.atol + self.rtol * numpy.abs(numerical)) & (analytical != numerical)
        if not wrong.any():
            return
        worst = numpy.where(wrong, numpy.nan_to_num(distance, nan=numpy.inf), -1).argmax()
        row, column = numpy.unravel_index(worst, wrong.shape)
        raise GradcheckError(
            f"Jacobian mismatch for {self._where(j, output, i, x)}:\n"
            f"d output{position(output, row)} / d input{position(x, column)}: numerical "
            f"{numerical[row, column]:.10g}, analytical {analytical[row, column]:.10g}; "
            f"{int(summed(wrong))} of {wrong.size} entries differ by more than {self.atol} + {self.rtol} "
            "* |numerical|\n"
            f"numerical:\n{numerical}\nanalytical:\n{analytical}"
        )

    def _where(self, j, output, i, x):
        name = f"{_name_of(self.func)} ({output._node.name})" if output.requires_grad else _name_of(self.func)
        return (
            f"output {j} of {name}, shape {list(output.array.shape)}, with respect to input {i}, shape "
            f"{list(x.array.shape)}"
        )

    def _projections_agree(self, outputs):
        """Fast mode: whether ``v @ J @ u`` agrees for a random direction u per input and v per output."""
        rng = numpy.random.default_rng(0)
        vs = [random_like(o, rng) for o in outputs]
        for _, x in self.live:
            u = random_like(x, rng).array
            u /= max(float(summed((u * u.conj()).real)) ** 0.5, 1e-30)
            before = x.array.copy()
            try:
                x.array[...] = before + self.eps * u
                above = self.values()
                x.array[...] = before - self.eps * u
                below = self.values()
            finally:
                x.array[...] = before
            for output, v, a, b in zip(outputs, vs, above, below):
                numerical = float(summed((a - b) / (2 * self.eps) * real_values(v)))
                g = None
                if output.requires_grad:
                    (g,) = grad(output, [x], v, True, allow_unused=True)
                analytical = 0.0 if g is None else float(summed(real_values(g) * real_values(wrap(u))))
                scale = float(summed(abs(u))) * float(summed(abs(v.array)))
                if not abs(numerical - analytical) <= self.atol * scale + self.rtol * abs(numerical):
                    return False
        return True

    def _no_differentiable_outputs(self):
        """GradcheckError if outputs depend on the inputs although all are outside of the graph."""
        every = _Check(
            self.func, self.inputs, self.eps, self.atol, self.rtol, 0.0, False, False, every_output=True
        )
        for (i, x), jacobians in zip(self.live, every.numerical()):
            for j, jacobian in enumerate(jacobians):
                if jacobian.size and numpy.abs(jacobian).max() > self.atol:
                    raise GradcheckError(
                        f"Numerical gradient for function expected to be zero: output {j} of "
                        f"{_name_of(self.func)} does not require grad, but it depends on input {i}, shape "
                        f"{list(x.array.shape)}"
                    )


def _as_tuple(values):
    return (values,) if isinstance(values, Variable) else tuple(values)


def _differentiable(result, every=False):
    """The floating-point outputs that are part of the graph, or all of them with ``every``."""
    results = result if isinstance(result, (tuple, list)) else (result,)
    return [
        r
        for r in results
        if isinstance(r, Variable) and r.array.dtype.kind in "fcV" and (every or r.requires_grad)
    ]


def _check_inputs(inputs):
    live = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Variable) and x.requires_grad]
    if not live:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them "
            "have requires_grad=True."
        )
    for i, x in live:
        if x.array.dtype not in ("float64", "complex128"):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. "
                "This check will likely fail if all the inputs are not of double precision floating "
                "point or complex. ",
                stacklevel=3,
            )
        if x.array.size and any(stride == 0 and n > 1 for stride, n in zip(x.array.strides, x.array.shape)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call "
                ".contiguous on the input before passing it to gradcheck."
            )


def _name_of(func):
    return getattr(func, "__name__", None) or type(func).__name__
