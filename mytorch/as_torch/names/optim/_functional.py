"""The steps of optimizers as functions, such as ``torch.optim.adam.adam``: they change lists of parameters,
and of what is kept of them, in place.
"""

from __future__ import annotations

from ....nn.parameter import Parameter
from ....optim import ASGD, SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, RAdam, RMSprop, Rprop

__all__ = "adadelta adagrad adam adamax adamw asgd nadam radam rmsprop rprop sgd".split()

_KEPT = {  # a list: what it holds of each parameter
    "acc_deltas": "acc_delta",
    "axs": "ax",
    "etas": "eta",
    "exp_avg_sqs": "exp_avg_sq",
    "exp_avgs": "exp_avg",
    "exp_infs": "exp_inf",
    "grad_avgs": "grad_avg",
    "max_exp_avg_sqs": "max_exp_avg_sq",
    "momentum_buffer_list": "momentum_buffer",
    "mu_products": "mu_product",
    "mus": "mu",
    "prevs": "prev",
    "square_avgs": "square_avg",
    "state_steps": "step",
    "state_sums": "sum",
    "step_sizes": "step_size",
}
_PAIRS = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_size_min", "step_size_max"),
}
_WITHOUT_EFFECT = "capturable differentiable foreach fused has_complex has_sparse_grad".split()


def _step(name, optimizer, lists):
    lists = lists.split()

    def step(params, grads, *kept, grad_scale=None, found_inf=None, **options):
        if grad_scale is not None or found_inf is not None:
            raise NotImplementedError(f"{name}: unscale gradients with GradScaler.unscale_ before the step")
        given = dict(zip(lists, kept))
        given |= {key: options.pop(key) for key in lists if key in options}
        options = {key: value for key, value in options.items() if key not in _WITHOUT_EFFECT}
        for pair, names in _PAIRS.items():
            if names[0] in options:
                options[pair] = tuple(options.pop(key) for key in names)
        leaves = [Parameter(p.detach()) for p in params]
        run = optimizer(leaves, **options)
        for i, (leaf, g) in enumerate(zip(leaves, grads)):
            leaf.grad = g
            run.state[leaf] = {_KEPT[key]: values[i] for key, values in given.items() if values}
        run.step()
        for key, values in given.items():  # those that were None exist now
            values[:] = [run.state[leaf].get(_KEPT[key]) for leaf in leaves] if values else ()

    step.__name__ = step.__qualname__ = name
    step.__doc__ = f"""A step of :class:`{optimizer.__name__}` on ``params`` with ``grads``.

    Lists: {", ".join(lists)}. Options: those of the optimizer.
    """
    return step


_AVERAGES = "exp_avgs exp_avg_sqs"
adadelta = _step("adadelta", Adadelta, "square_avgs acc_deltas state_steps")
adagrad = _step("adagrad", Adagrad, "state_sums state_steps")
adam = _step("adam", Adam, f"{_AVERAGES} max_exp_avg_sqs state_steps")
adamax = _step("adamax", Adamax, "exp_avgs exp_infs state_steps")
adamw = _step("adamw", AdamW, f"{_AVERAGES} max_exp_avg_sqs state_steps")
asgd = _step("asgd", ASGD, "axs mus etas state_steps")
nadam = _step("nadam", NAdam, f"{_AVERAGES} mu_products state_steps")
radam = _step("radam", RAdam, f"{_AVERAGES} state_steps")
rmsprop = _step("rmsprop", RMSprop, "square_avgs grad_avgs momentum_buffer_list state_steps")
rprop = _step("rprop", Rprop, "prevs step_sizes state_steps")
sgd = _step("sgd", SGD, "momentum_buffer_list")
