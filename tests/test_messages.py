"""What errors call functions and parameters: as users write them; tensors: by dtype, shape and maker."""

import inspect
import re

import numpy as np
import pytest

import mytorch
from mytorch import nn

F = nn.functional
NAMESPACES = [mytorch, F, nn.init, mytorch.linalg, mytorch.fft, mytorch.special, mytorch.masked]
PUBLIC = {name for space in (*NAMESPACES, mytorch.Tensor, nn, __builtins__) for name in dir(space)}
PUBLIC |= set(dir(nn.utils.rnn)) | set(__builtins__)
# PyTorch's own prefixes, and words before a parenthesis
PUBLIC |= {"cross_entropy_loss", "dimension", "array", "s"}
PREFIXES = ("linalg_", "fft_")
APART = set("load save seed manual_seed compile vmap range".split())
WRONG = {
    "text": lambda: "a",
    "list": lambda: [1, 2],
    "number": lambda: 2.5,
    "indices": lambda: mytorch.full((3,), 9),
    "complex": lambda: mytorch.ones(2, 3, dtype=mytorch.complex64),
    "matrix": lambda: mytorch.ones(3, 4),
}


def named(function):
    """The functions in the messages of wrong calls of ``function``, and parameters with internal names."""
    parameters = inspect.signature(function).parameters.values()
    needed = sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
    calls = [([make() for _ in range(max(needed, 1))], {}) for make in WRONG.values()]
    matrix = WRONG["matrix"]()
    calls += [([matrix, make()][: max(needed, 1)], {}) for make in WRONG.values()]
    calls += [([matrix] * max(needed, 1), {"nobody": 1})]
    for args, kwargs in calls:
        try:
            function(*args, **kwargs)
        except Exception as error:
            text = str(error)
            found = re.findall(r"\b([A-Za-z_][\w.]*)\(", text)
            yield from (name for name in found if "Methods" in name or name.split(".")[-1] not in PUBLIC)
            if re.search(r"takes x\b|argument 'x'|ufunc|NoneType' object has no attr", text):
                yield text


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("space", NAMESPACES, ids=lambda space: space.__name__)
def test_functions_have_their_public_names(space):
    wrong = {}
    for name in getattr(space, "__all__", dir(space)):
        function = getattr(space, name)
        is_setting = name.startswith(("_", "set_", "get_", "is_")) or name in APART
        if inspect.isfunction(function) and not is_setting:
            found = {n for n in named(function) if not n.startswith(PREFIXES)}
            if found:
                wrong[name] = found
    assert not wrong, str(wrong)


@pytest.mark.filterwarnings("ignore")
def test_methods_have_their_public_names():
    wrong, x, called = {}, mytorch.ones(3, 4), 0
    for name in dir(mytorch.Tensor):
        if not name.startswith("_") and callable(getattr(mytorch.Tensor, name)):
            for args, kwargs in (((), {"nobody": 1}), (("a",), {}), (("a", "a"), {})):
                called += 1
                try:
                    getattr(x.clone(), name)(*args, **kwargs)
                except Exception as error:
                    if re.search(r"Methods|takes x|<lambda>|ufunc", str(error)):
                        wrong[name] = str(error)
    assert called > 1000 and not wrong, str(wrong)


X, W = np.ones((2, 3), "float32"), np.ones((3, 3), "float32")


def overwritten(change):
    x, w = mytorch.tensor(X, requires_grad=True), mytorch.tensor(W, requires_grad=True)
    change(x, w).sum().backward()


def a_result(x, w):
    y = x.exp()
    y.add_(1)
    return y


def an_input(x, w):
    y = x @ w
    z = y * y
    y.mul_(2)
    y.mul_(2)
    return z


def a_leaf(x, w):
    z = (x @ w) @ w
    with mytorch.no_grad():
        w.add_(1)
    return z


def one_of_several(x, w):
    parts = x * 2
    joined = mytorch.einsum("ij,jk->ik", parts, w)
    parts.zero_()
    return joined


def changed_before_too(x, w):
    y = x.clone()
    y.add_(1)
    z = y.exp() * y
    y.add_(1)
    return z


OVERWRITTEN = {
    a_result: "float32[2, 3], which is output 0 of ExpBackward0, is at version 1; expected version 0",
    an_input: "float32[2, 3], which is output 0 of MmBackward0 and saved by MulBackward0, is at version 2; "
    "expected version 0",
    a_leaf: "float32[3, 3], which is saved by MmBackward0, is at version 1; expected version 0",
    one_of_several: "float32[2, 3], which is output 0 of MulBackward0 and saved by MmBackward0, is at",
    changed_before_too: "float32[2, 3], which is output 0 of AddBackward0 and saved by MulBackward0, is at "
    "version 2; expected version 1",
}


@pytest.mark.parametrize("change", OVERWRITTEN, ids=lambda change: change.__name__)
def test_what_was_changed_in_place(change):
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
        overwritten(change)
    assert OVERWRITTEN[change] in str(caught.value)


def test_the_version_is_right_after_many_changes():
    w = mytorch.zeros(2, requires_grad=True)
    y = w.exp()
    for _ in range(5000):
        y.add_(1)
    with pytest.raises(RuntimeError, match="version 5000; expected version before that"):
        y.sum().backward()


# ---- nodes ---------------------------------------------------------------------------------------

NODES = {
    "Add": lambda x, w: x + x,
    "Sub": lambda x, w: x - x,
    "Mul": lambda x, w: x * 2,
    "Div": lambda x, w: x / 2,
    "Pow": lambda x, w: x**2,
    "Neg": lambda x, w: -x,
    "Mm": lambda x, w: x @ w,
    "Mv": lambda x, w: x @ w[0].detach(),
    "Dot": lambda x, w: w[0] @ w[0],
    "Bmm": lambda x, w: mytorch.bmm(x[None], w[None]),
    "Addmm": lambda x, w: F.linear(x, w, w[0]),
    "Sum": lambda x, w: x.sum(),
    "Sum1": lambda x, w: x.sum(0),
    "Mean": lambda x, w: x.mean(),
    "Mean1": lambda x, w: x.mean(1),
    "Max1": lambda x, w: x.max(),
    "Max": lambda x, w: x.max(1).values,
    "Exp": lambda x, w: x.exp(),
    "Relu": lambda x, w: x.relu(),
    "Sigmoid": lambda x, w: x.sigmoid(),
    "Tanh": lambda x, w: x.tanh(),
    "Softmax": lambda x, w: x.softmax(1),
    "LogSoftmax": lambda x, w: x.log_softmax(1),
    "View": lambda x, w: x.view(6),
    "Transpose": lambda x, w: x.transpose(0, 1),
    "Permute": lambda x, w: x.permute(1, 0),
    "Unsqueeze": lambda x, w: x.unsqueeze(0),
    "Expand": lambda x, w: x[:1].expand(2, 3),
    "Clone": lambda x, w: x.clone(),
    "Cat": lambda x, w: mytorch.cat([x, x]),
    "Stack": lambda x, w: mytorch.stack([x, x]),
    "Select": lambda x, w: x[0],
    "Slice": lambda x, w: x[0:1],
    "Index": lambda x, w: x[mytorch.tensor([0, 1])],
    "ToCopy": lambda x, w: x.double(),
    "MseLoss": lambda x, w: F.mse_loss(x, x.detach()),
    "NllLoss": lambda x, w: F.cross_entropy(x, mytorch.tensor([0, 1])),
    "BinaryCrossEntropyWithLogits": lambda x, w: F.binary_cross_entropy_with_logits(x, mytorch.ones(2, 3)),
    "Convolution": lambda x, w: F.conv1d(x[None], mytorch.ones(1, 2, 1)),
    "MaxPool2DWithIndices": lambda x, w: F.max_pool2d(x[None, None], 2),
    "AvgPool2D": lambda x, w: F.avg_pool2d(x[None, None], 2),
    "NativeBatchNorm": lambda x, w: F.batch_norm(x, None, None, training=True),
    "NativeLayerNorm": lambda x, w: F.layer_norm(x, (3,)),
    "Embedding": lambda x, w: F.embedding(mytorch.tensor([0]), x),
    "LinalgInvEx": lambda x, w: mytorch.linalg.inv(w + mytorch.eye(3)),
}


@pytest.mark.parametrize("name", NODES)
def test_nodes_have_pytorchs_names(name):
    node = NODES[name](mytorch.tensor(X, requires_grad=True), mytorch.tensor(W, requires_grad=True)).grad_fn
    wanted = f"{name[:-1]}Backward1" if name.endswith("1") else f"{name}Backward0"
    assert (node.name(), repr(node)[: len(wanted) + 2]) == (wanted, f"<{wanted} ")


def test_the_values_that_a_node_saved():
    x, w = mytorch.tensor(X, requires_grad=True), mytorch.tensor(W, requires_grad=True)
    y, z = x @ w, x.exp()
    assert (y.grad_fn._saved_self == x).all() and (y.grad_fn._saved_mat2 == w).all()
    assert (z.grad_fn._saved_result == z).all() and (x**3).grad_fn._saved_exponent == 3
    (x * w[0]).grad_fn._saved_other.sum().backward()
    assert w.grad is not None and x.grad is None
    with pytest.raises(AttributeError, match="ExpBackward0 has no attribute '_saved_other'"):
        z.grad_fn._saved_other
    z.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        z.grad_fn._saved_result


def test_next_functions_have_none_for_inputs_without_gradient():
    x = mytorch.tensor(X, requires_grad=True)
    (leaf, zero), nothing = (x * 2).grad_fn.next_functions
    assert leaf.name() == "AccumulateGrad" and zero == 0 and nothing == (None, 0)
    ((first, index),) = x.max(1).values.exp().grad_fn.next_functions
    assert (first.name(), index) == ("MaxBackward0", 0)
