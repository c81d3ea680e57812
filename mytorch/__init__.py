"""mytorch: a small deep-learning framework with PyTorch's API, on NumPy and CuPy. Names only; the code is in
the modules.
"""

import importlib
from math import e, inf, nan, pi
from typing import TYPE_CHECKING

from . import autograd, random

# isort: skip  (the submodule's name gives way to the function `tensor` below)
from .tensors.tensor import Size, Tensor
from .core.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
from .core.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .core.arrays import default_device as get_default_device
from .core.arrays import device, set_default_device
from .tensors.creation import (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    empty_strided,
    eye,
    from_dlpack,
    from_numpy,
    frombuffer,
    full,
    full_like,
    is_complex,
    is_floating_point,
    is_nonzero,
    is_tensor,
    linspace,
    logspace,
    numel,
    ones,
    ones_like,
    range,
    result_type,
    scalar_tensor,
    set_default_tensor_type,
    tensor,
    typename,
    zeros,
    zeros_like,
)
from .core.dtypes import (
    can_cast,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    set_default_dtype,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .core.dtypes import __getattr__ as _dtype  # bfloat16, which needs the package ml_dtypes
from .core.dtypes import bool_ as bool
from .core.dtypes import double, half, long, short
from .core.dtypes import float_ as float
from .core.dtypes import int_ as int
from .ops.activation import celu, hardshrink, log_softmax, prelu, relu, selu, softmax, threshold
from .ops.arithmetic import (
    add,
    addcdiv,
    addcmul,
    arctan2,
    atan2,
    copysign,
    div,
    divide,
    float_power,
    floor_divide,
    fmod,
    gcd,
    heaviside,
    hypot,
    lcm,
    ldexp,
    lerp,
    logaddexp,
    logaddexp2,
    mul,
    multiply,
    nextafter,
    pow,
    remainder,
    rsub,
    sub,
    subtract,
    true_divide,
    xlogy,
)
from .ops.bounds import clamp, clamp_max, clamp_min, clip, fmax, fmin, maximum, minimum
from .ops.comparison import (
    allclose,
    bitwise_and,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    eq,
    equal,
    ge,
    greater,
    greater_equal,
    gt,
    isclose,
    le,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
    not_equal,
)
from .ops.complex import angle, complex, conj, imag, polar, real, view_as_complex, view_as_real
from .ops.complex import conj as conj_physical
from .ops.complex import itself as resolve_conj
from .ops.complex import itself as resolve_neg
from .ops.statistics.counting import bincount, histc, histogram, isin
from .ops.diagonal import diag, diag_embed, diagflat, diagonal, trace, tril, tril_indices, triu, triu_indices
from .ops.statistics.differences import corrcoef, cov, cumulative_trapezoid, diff, gradient, trapezoid, trapz
from .ops.elementwise import (
    abs,
    absolute,
    acos,
    acosh,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    asin,
    asinh,
    atan,
    atanh,
    ceil,
    cos,
    cosh,
    deg2rad,
    exp,
    exp2,
    expm1,
    fix,
    floor,
    frac,
    isfinite,
    isinf,
    isnan,
    isneginf,
    isposinf,
    isreal,
    log,
    log1p,
    log2,
    log10,
    logit,
    nan_to_num,
    neg,
    negative,
    positive,
    rad2deg,
    reciprocal,
    round,
    rsqrt,
    sgn,
    sigmoid,
    sign,
    signbit,
    sin,
    sinc,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
    trunc,
    where,
)
from .ops.special.bessel import i0
from .ops.special.gamma import digamma, lgamma, mvlgamma, polygamma
from .ops.special.incomplete_gamma import igamma, igammac
from .ops.gather import (
    argwhere,
    gather,
    index_select,
    nonzero,
    repeat_interleave,
    take,
    take_along_dim,
    unravel_index,
)
from .ops.join import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    block_diag,
    cartesian_prod,
    cat,
    chunk,
    column_stack,
    combinations,
    concat,
    concatenate,
    dsplit,
    dstack,
    hsplit,
    hstack,
    meshgrid,
    narrow,
    row_stack,
    select,
    split,
    split_with_sizes,
    stack,
    tensor_split,
    unbind,
    vsplit,
    vstack,
)
from .ops.linalg.decompositions import cholesky, qr
from .ops.linalg.decompositions import old_svd as svd
from .ops.linalg.eigen import geqrf
from .ops.linalg.eigen import householder_product as orgqr
from .ops.linalg.einsum import einsum
from .ops.layout import clone
from .ops.linalg.matrix import (
    cholesky_inverse,
    cholesky_solve,
    det,
    logdet,
    matrix_exp,
    matrix_power,
    slogdet,
)
from .ops.linalg.matrix import decreasing_vander as vander
from .ops.linalg.matrix import pinv as pinverse
from .ops.linalg.lu import lu_unpack
from .ops.linalg.lu import old_lu as lu
from .ops.linalg.lu import old_lu_solve as lu_solve
from .ops.masks import masked_fill, masked_scatter, masked_select
from .ops.matmul import mm as spmm
from .ops.matmul import (
    addbmm,
    addmm,
    addmv,
    addr,
    baddbmm,
    bmm,
    cdist,
    chain_matmul,
    cross,
    dot,
    ger,
    inner,
    kron,
    matmul,
    mm,
    mv,
    outer,
    tensordot,
    vdot,
)
from .ops.statistics.quantiles import median, mode, nanmedian, nanquantile, quantile
from .ops.reduce import (
    all,
    amax,
    amin,
    aminmax,
    any,
    argmax,
    argmin,
    count_nonzero,
    dist,
    logsumexp,
    max,
    mean,
    min,
    nanmean,
    nansum,
    norm,
    sum,
)
from .ops.scaling import frexp, renorm
from .ops.statistics.scan import cummax, cummin, cumprod, cumsum, logcumsumexp, prod
from .ops.scatter import (
    diagonal_scatter,
    index_add,
    index_copy,
    index_fill,
    index_put,
    index_reduce,
    scatter,
    scatter_add,
    scatter_reduce,
    select_scatter,
    slice_scatter,
)
from .ops.scatter import put_at as put
from .ops.shape import (
    adjoint,
    broadcast_shapes,
    broadcast_tensors,
    broadcast_to,
    flatten,
    flip,
    fliplr,
    flipud,
    moveaxis,
    movedim,
    permute,
    ravel,
    reshape,
    roll,
    rot90,
    squeeze,
    swapaxes,
    swapdims,
    t,
    tile,
    transpose,
    unflatten,
    unsqueeze,
)
from .ops.linalg.solve import inv as inverse
from .ops.statistics.sort import (
    argsort,
    bucketize,
    kthvalue,
    msort,
    searchsorted,
    sort,
    topk,
    unique,
    unique_consecutive,
)
from .ops.strided import as_strided
from .ops.special.erf import erf, erfc, erfinv
from .ops.statistics.variance import std, std_mean, var, var_mean
from .tensors.printing import get_printoptions, printoptions, set_printoptions
from .tensors.random_creation import (
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    poisson,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from .linalg.low_rank import pca_lowrank, svd_lowrank
from .tensors.window_creation import (
    bartlett_window,
    blackman_window,
    hamming_window,
    hann_window,
    kaiser_window,
)
from .backends.show_config import show_config
from .kernels.malloc import keep_freed_memory
from .kernels.threads import get_num_threads, set_num_threads

from .tensors.torch_flags import (  # isort: skip
    are_deterministic_algorithms_enabled,
    channels_last,
    channels_last_3d,
    compile,
    contiguous_format,
    get_float32_matmul_precision,
    layout,
    memory_format,
    preserve_format,
    set_float32_matmul_precision,
    set_flush_denormal,
    strided,
    use_deterministic_algorithms,
)
from .version import __version__  # isort: skip

newaxis = None

if TYPE_CHECKING:
    from . import (
        accelerator,
        amp,
        backends,
        compiler,
        cuda,
        datasets,
        distributed,
        distributions,
        func,
        hub,
        jit,
        linalg,
        multiprocessing,
        nn,
        onnx,
        optim,
        serialization,
        special,
        testing,
        utils,
        version,
    )
    from .amp import GradScaler, autocast
    from .func import vmap
    from .serialization import load, save

# Loaded when first used, so that a script pays only for what it uses: name -> the module that holds it, None
# for a module itself.
_LATER = dict.fromkeys(
    (
        "accelerator",
        "amp",
        "backends",
        "compiler",
        "cuda",
        "datasets",
        "distributed",
        "distributions",
        "func",
        "hub",
        "jit",
        "linalg",
        "multiprocessing",
        "nn",
        "onnx",
        "optim",
        "serialization",
        "special",
        "testing",
        "utils",
    )
) | {
    "GradScaler": "amp",
    "autocast": "amp",
    "is_autocast_enabled": "amp",
    "vmap": "func",
    "load": "serialization",
    "save": "serialization",
}
_LATER |= dict.fromkeys(
    (
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
        "conv_transpose2d",
        "conv_transpose3d",
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "avg_pool1d",
        "adaptive_avg_pool1d",
        "adaptive_max_pool1d",
        "layer_norm",
        "group_norm",
        "rms_norm",
        "pixel_shuffle",
        "pixel_unshuffle",
        "channel_shuffle",
        "alpha_dropout",
        "bilinear",
        "cosine_similarity",
        "dropout",
        "pairwise_distance",
        "pdist",
        "rrelu",
        "feature_alpha_dropout",
        "celu_",
        "rrelu_",
        "selu_",
        "threshold_",
    ),
    "nn.functional",
)
_LATER |= dict.fromkeys(
    ("batch_norm", "binary_cross_entropy_with_logits", "embedding", "instance_norm", "kl_div"), "nn.native"
)
# Functions that change their first argument.
for _name in """
    abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh ceil
    clamp clamp_max clamp_min clip cos cosh deg2rad erf erfc exp exp2 expm1 fill fix floor frac gcd
    i0 index_put lcm ldexp log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal
    relu round rsqrt sigmoid sin sinc sinh sqrt square tan tanh trunc xlogy zero detach
""".split():
    globals()[f"{_name}_"] = getattr(Tensor, f"{_name}_")
for _name in "detach get_device is_conj is_inference is_neg is_signed resize_as_".split():
    globals()[_name] = getattr(Tensor, _name)


def __getattr__(name):
    if name not in _LATER:
        return _dtype(name)
    module = importlib.import_module(f"{__name__}.{_LATER[name] or name}")
    value = globals()[name] = module if _LATER[name] is None else getattr(module, name)
    return value


def __dir__():
    return sorted({*globals(), *_LATER})
