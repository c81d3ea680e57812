"""What operations and nodes are called by users and by PyTorch, and the values that nodes saved."""

from __future__ import annotations

import functools

from ..core.errors import SECOND_TIME
from ..core.graph import Leaf, Name, Node, Output
from ..core.higher_order import as_variable

# The functions that users call, of operations with another name. ``{}``: the number of spatial dimensions.
PUBLIC = {
    "real_angle": "angle",
    "in_channels_last": "contiguous",
    "cast": "to",
    "transfer": "to",
    "max_of_all": "max",
    "min_of_all": "min",
    "max_dim": "max",
    "min_dim": "min",
    "euclidean": "cdist",
    "trunc_divide": "div",
    "view": "Tensor.view",
    "view_as_dtype": "Tensor.view",
    "sloped": "prelu",
    "diagonal_in_zeros": "diag_embed",
    "scatter_extreme": "scatter_reduce",
    "scatter_prod": "scatter_reduce",
    "median_of_all": "median",
    "median_dim": "median",
    "ctc": "ctc_loss",
    "mse": "mse_loss",
    "l1": "l1_loss",
    "huber": "huber_loss",
    "bce": "binary_cross_entropy",
    "bce_with_logits": "binary_cross_entropy_with_logits",
    "nll": "nll_loss",
    "cross_entropy_of_classes": "cross_entropy",
    "cross_entropy_of_probabilities": "cross_entropy",
    "max_unpool": "max_unpool{}d",
    "adaptive_max_indices": "adaptive_max_pool{}d",
    "unfold_columns": "unfold",
    "fold_columns": "fold",
    "convolution": "conv{}d",
    "convolution_input": "conv_transpose{}d",
    "fractional_indices": "fractional_max_pool{}d",
    "max_pool": "max_pool{}d",
    "avg_pool": "avg_pool{}d",
    "pad_constant": "pad",
    "resample": "interpolate",
    "standardise_channels": "batch_norm",
    "scale_channels": "batch_norm",
    "attention": "scaled_dot_product_attention",
    "standardise_rows": "layer_norm",
    "complex_transform": "fft",
    "half_transform": "irfft",
    "real_transform": "rfft",
    "normally": "normal",
}

# PyTorch's names for nodes that are not called after their operation. Where one operation here stands for
# several there, a function of what was saved tells.
NAMES = {
    "true_divide": "Div",
    "square": "Pow",
    "log1p": "Log1P",
    "linear": "Addmm",
    "max_of_all": "Max",
    "min_of_all": "Min",
    "max_dim": "Max",
    "min_dim": "Min",
    "median_of_all": "Median",
    "median_dim": "Median",
    "vector_norm": "LinalgVectorNorm",
    "sloped": "PreluKernel",
    "logsigmoid": "LogSigmoid",
    "cast": "ToCopy",
    "transfer": "ToCopy",
    "reshape": "View",
    "contiguous": "Clone",
    "diagonal_in_zeros": "DiagEmbed",
    "pad_constant": "ConstantPadNd",
    "mse": "MseLoss",
    "huber": "HuberLoss",
    "nll": "NllLoss",
    "cross_entropy_of_classes": "NllLoss",
    "bce": "BinaryCrossEntropy",
    "bce_with_logits": "BinaryCrossEntropyWithLogits",
    "ctc": "CtcLoss",
    "euclidean": "Cdist",
    "convolution_input": "Convolution",
    "standardise_channels": "NativeBatchNorm",
    "scale_channels": "NativeBatchNorm",
    "standardise_rows": "NativeLayerNorm",
    "unfold_columns": "Im2Col",
    "fold_columns": "Col2Im",
    "inv": "LinalgInvEx",
    "det": "LinalgDet",
    "slogdet": "LinalgSlogdet",
    "cholesky": "LinalgCholeskyEx",
    "svd": "LinalgSvd",
    "eigh": "LinalgEigh",
    "eig": "LinalgEig",
    "qr": "LinalgQr",
    "complex_transform": "FftC2C",
    "half_transform": "FftC2R",
    "real_transform": "FftR2C",
}
SECOND = {"max_of_all", "min_of_all", "median_dim"}  # whose names end with 1


def _product(x_shape, y_shape):
    """The name of a matrix product, by the ranks."""
    ranks = len(x_shape), len(y_shape)
    known = {(1, 1): "Dot", (2, 1): "Mv", (2, 2): "Mm", (3, 3): "Bmm"}
    return known.get(ranks, "UnsafeView")


def _picked(index):
    """The name of ``x[index]``, by the last step that PyTorch takes for it."""
    index = index if isinstance(index, tuple) else (index,)
    if any(hasattr(i, "dtype") and getattr(i, "ndim", 0) for i in index):
        return "Index"
    last = next((i for i in reversed(index) if i is not Ellipsis and i != slice(None)), Ellipsis)
    if last is Ellipsis:
        return "Slice" if slice(None) in index else "Alias"
    return "Unsqueeze" if last is None else "Slice" if isinstance(last, slice) else "Select"


def public_name(op):
    """The name that users call an operation by, for messages."""
    return PUBLIC.get(op.name, op.name)


def name_of(node):
    """PyTorch's name for ``node``, such as ``MmBackward0``."""
    operation, values = getattr(node.plan.op, "name", ""), saved_values(node)
    number, name = int(operation in SECOND), NAMES.get(operation)
    if operation == "matmul":
        name = _product(*(values.get(f"{x}_shape", getattr(values.get(x), "shape", (0, 0))) for x in "xy"))
    elif operation == "getitem":
        name = _picked(values.get("index", 0))
    elif operation in ("max_pool", "avg_pool"):
        ending = "WithIndices" if operation == "max_pool" else ""
        name = f"{operation[:3].capitalize()}Pool{len(values.get('kernel', (0, 0)))}D{ending}"
    elif operation in ("sum", "mean", "prod") and values.get("dim") is not None:
        name, number = operation.capitalize(), 1
    return Name(f"{name}Backward{number}") if name else node.plan.name


def saved_values(node):
    """{name: value} of what the rules of ``node`` read; none if it was freed."""
    return dict(zip(_names(node), () if node.saved is None else node.saved))


def _names(node):
    return (name for wants in node.plan.wants for name in wants)


def guarded(node, place):
    """The tensor that the guard number ``place`` of ``node`` watches: dtype, shape, and what made it."""
    plan, op, values = node.plan, node.plan.op, saved_values(node)
    saver = f"saved by {node.name}"
    if place >= len(plan.guarded):
        value = next((values[name] for name in ("out", *op.outputs) if name in values), None)
        maker = f"output 0 of {node.name}"
    else:
        i = plan.guarded[place]
        every = node.definition[0] if node.definition else values.get(op.signature.variadic)
        value = every[i] if every else values.get(op.inputs[i])
        edge = dict(zip(plan.live, node.edges)).get(i)
        is_leaf = edge is None or type(edge) is Leaf
        maker = saver if is_leaf else f"output {getattr(edge, 'index', 0)} of {edge.name} and {saver}"
    return f"{value.dtype}{list(value.shape)}, which is {maker}," if hasattr(value, "dtype") else saver


# PyTorch's names for what a rule reads
READ = {"self": "x", "input": "x", "mat1": "x", "other": "y", "mat2": "y", "exponent": "y", "result": "out"}


def saved(node, wanted):
    """What ``node`` saved under a name of ours or PyTorch's. RuntimeError if it was freed."""
    if node.saved is None:
        raise RuntimeError(SECOND_TIME.format(node.name))
    values = saved_values(node)
    name = wanted if wanted in values else READ.get(wanted, wanted)
    if name not in values:
        raise AttributeError(f"{node.name!s} has no attribute '_saved_{wanted}'", name=wanted, obj=node)
    return as_variable(node, name, values[name])


def shown(node):
    """``node``, which has PyTorch's ``_saved_self``, ``_saved_result`` and their kin from now on.

    They are properties of the class, added when a user first gets a node that saved such a value: with
    ``__getattr__`` every attribute of every node would be read more slowly.
    """
    for name in (*READ, *_names(node)) if type(node) is Node else ():
        if not hasattr(Node, f"_saved_{name}"):
            setattr(Node, f"_saved_{name}", property(functools.partial(saved, wanted=name)))
    return node


def next_functions(node):
    """((node, output index), …) of the differentiable inputs, (None, 0) for one that wants no gradient."""
    op, edges = node.plan.op, dict(zip(node.plan.live, node.edges))
    names = op.inputs if node.plan.live and max(node.plan.live) < len(op.inputs) else ()
    places = [i for i, name in enumerate(names) if op.joint or name in op.rules]
    found = [edges.get(i) for i in places] if places else node.edges
    return tuple((shown(e.parent), e.index) if type(e) is Output else (shown(e), 0) for e in found)
