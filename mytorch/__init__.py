"""mytorch: a small deep-learning framework with PyTorch's API, on NumPy and CuPy. Names only; the code is in
the modules.

`_HOMES` says where each name is written. A module is imported when one of its names is first used.
"""

import importlib
from math import e, inf, nan, pi

from .tensors.public_names import NoSuchName, documented, own
from .kernels.malloc import keep_freed_memory
from .ops.composite import takes_tensors
from .tensors.tensor import Size, Tensor
from .version import __version__

# A training step frees and allocates the same large arrays over and over: glibc keeps them for the process.
keep_freed_memory()

newaxis = None

_SUBMODULES = """
    accelerator amp autograd backends compiler cuda datasets distributed distributions fft func functional hub
    jit linalg masked multiprocessing nn onnx optim overrides profiler random serialization signal sparse
    special testing types utils version
""".split()

_HOMES = {
    "core.anomaly_mode": "is_anomaly_check_nan_enabled is_anomaly_enabled",
    "core.arrays": "device get_default_device=default_device set_default_device",
    "core.dtypes": """
        bfloat16 bool=bool_ cdouble=complex128 cfloat=complex64 complex128 complex64 double
        dtype float16 float32 float64
        float=float_ get_default_dtype half int16 int32 int64 int8 int=int_ long
        set_default_dtype short uint16 uint32 uint64 uint8
    """,
    "core.grad_mode": "is_grad_enabled is_inference_mode_enabled",
    "kernels.threads": "get_num_threads set_num_threads",
    "ops.activation": "celu hardshrink prelu relu selu threshold",
    "ops.addmm": "addbmm addmm addmv addr baddbmm",
    "ops.arithmetic": """
        add addcdiv addcmul div divide floor_divide fmod lerp mul multiply remainder rsub sub
        subtract true_divide
    """,
    "ops.binary": "arctan2 atan2 copysign gcd heaviside hypot lcm logaddexp logaddexp2 nextafter xlogy",
    "ops.bounds": "clamp clamp_max clamp_min clip fmax fmin maximum minimum",
    "ops.cdist": "cdist",
    "tensors.view_copies": """
        alias_copy as_strided_copy as_strided_scatter detach_copy diagonal_copy expand_copy fill narrow_copy
        permute_copy select_copy slice_copy split_copy split_with_sizes_copy squeeze_copy t_copy
        transpose_copy unbind_copy unfold_copy unsqueeze_copy view_as_complex_copy view_as_real_copy view_copy
    """,
    "ops.comparison": """
        allclose bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
        bitwise_xor eq equal ge greater greater_equal gt isclose le less less_equal logical_and
        logical_not logical_or logical_xor lt ne not_equal
    """,
    "ops.complex": """
        angle complex conj conj_physical=conj imag polar real resolve_conj resolve_neg
        view_as_complex view_as_real
    """,
    "ops.cross": "cross kron",
    "ops.diagonal": "diag diag_embed diagflat diagonal trace tril tril_indices triu triu_indices",
    "ops.elementwise": "where",
    "ops.gather": """
        argwhere gather index_select nonzero repeat_interleave take take_along_dim unravel_index
    """,
    "ops.index_put": """
        diagonal_scatter index_add index_copy index_fill index_put index_reduce put=put_at
        select_scatter slice_scatter
    """,
    "ops.join": """
        atleast_1d atleast_2d atleast_3d block_diag cat column_stack concat concatenate dstack
        hstack row_stack stack unbind vstack
    """,
    "ops.layout": "clone",
    "ops.linalg.decompositions": "cholesky svd=old_svd",
    "ops.linalg.eigen": "geqrf orgqr=householder_product",
    "ops.linalg.einsum": "einsum",
    "ops.linalg.lu": "lu=old_lu lu_solve=old_lu_solve lu_unpack",
    "ops.linalg.matrix": """
        cholesky_inverse cholesky_solve det logdet matrix_exp matrix_power pinverse=pinv slogdet
        vander=decreasing_vander
    """,
    "ops.linalg.matrix_norm": "norm",
    "linalg.older": "ormqr qr triangular_solve",
    "ops.linalg.solve": "inverse=inv",
    "ops.masks": "masked_fill masked_scatter masked_select",
    "ops.matrix_chain": "chain_matmul",
    "ops.matmul": "bmm dot ger inner matmul mm mv outer spmm=mm tensordot vdot",
    "ops.memory_format": """
        channels_last channels_last_3d contiguous_format layout memory_format preserve_format strided
    """,
    "ops.meshgrid": "cartesian_prod combinations meshgrid",
    "ops.permute": """
        adjoint flip fliplr flipud moveaxis movedim permute roll rot90 swapaxes swapdims t transpose
    """,
    "ops.power": "float_power ldexp pow",
    "ops.reduce": """
        all amax amin aminmax any argmax argmin count_nonzero logsumexp max mean min nanmean nansum
        sum
    """,
    "ops.rounding": """
        abs absolute ceil fix floor frac isfinite isinf isnan isneginf isposinf isreal nan_to_num
        neg negative positive round sgn sign signbit square trunc
    """,
    "ops.scaling": "frexp renorm",
    "ops.scatter": "scatter scatter_add scatter_reduce",
    "ops.segments": "segment_reduce",
    "ops.shape": """
        broadcast_tensors broadcast_to flatten ravel reshape squeeze tile unflatten
        unsqueeze
    """,
    "ops.softmax": "log_softmax softmax",
    "ops.special.bessel": "i0",
    "ops.special.erf": "erf erfc erfinv",
    "ops.special.gamma": "digamma lgamma mvlgamma polygamma",
    "ops.special.incomplete_gamma": "igamma igammac",
    "ops.spectral.short_time": "istft stft",
    "ops.split": """
        chunk dsplit hsplit narrow select split split_with_sizes tensor_split unsafe_chunk=chunk
        unsafe_split=split unsafe_split_with_sizes=split_with_sizes vsplit
    """,
    "ops.statistics.counting": "bincount hash_tensor histc histogram isin",
    "ops.statistics.differences": "corrcoef cov cumulative_trapezoid diff gradient trapezoid trapz",
    "ops.statistics.quantiles": "median mode nanmedian nanquantile quantile",
    "ops.statistics.scan": "cummax cummin cumprod cumsum logcumsumexp prod",
    "ops.statistics.sort": """
        argsort bucketize kthvalue msort searchsorted sort topk unique unique_consecutive
    """,
    "ops.statistics.variance": "std std_mean var var_mean",
    "ops.static_shapes": "nonzero_static",
    "ops.statistics.histogramdd": "histogramdd",
    "ops.strided": "as_strided",
    "ops.transcendental": """
        acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh cos cosh
        deg2rad exp exp2 expm1 log log10 log1p log2 logit rad2deg reciprocal rsqrt sigmoid sin sinc
        sinh sqrt tan tanh
    """,
    "ops.vector_norm": "dist",
    "tensors.compilation": "compile",
    "tensors.creation": """
        as_tensor asarray empty empty_like empty_strided eye from_dlpack from_numpy frombuffer full
        full_like ones ones_like scalar_tensor tensor zeros zeros_like
    """,
    "tensors.legacy_types": """
        BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor
        LongTensor set_default_tensor_type ShortTensor
    """,
    "ops.dtype_info": "can_cast finfo iinfo promote_types",
    "tensors.permuted_creation": "empty_permuted",
    "tensors.printing": "get_printoptions printoptions set_printoptions",
    "tensors.random_creation": """
        bernoulli default_generator Generator multinomial normal poisson rand rand_like randint
        randint_like randn randn_like randperm
    """,
    "tensors.range_creation": "arange linspace logspace range",
    "tensors.torch_flags": """
        are_deterministic_algorithms_enabled get_deterministic_debug_mode get_float32_matmul_precision
        is_deterministic_algorithms_warn_only_enabled is_warn_always_enabled set_deterministic_debug_mode
        set_float32_matmul_precision set_flush_denormal set_warn_always use_deterministic_algorithms
    """,
    "tensors.type_queries": """
        broadcast_shapes is_complex is_floating_point is_nonzero is_tensor numel result_type typename
    """,
    "tensors.window_creation": """
        bartlett_window blackman_window hamming_window hann_window kaiser_window
    """,
    "autograd.grad_mode": "enable_grad inference_mode no_grad set_grad_enabled",
    "amp.autocast": """
        autocast clear_autocast_cache get_autocast_dtype is_autocast_cache_enabled is_autocast_enabled
    """,
    "amp.grad_scaler": "GradScaler",
    "backends.show_config": "show_config",
    "func": "vmap",
    "linalg.low_rank": "pca_lowrank svd_lowrank",
    "nn.functional": """
        adaptive_avg_pool1d adaptive_max_pool1d alpha_dropout avg_pool1d bilinear celu_
        channel_shuffle conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d
        cosine_similarity dropout feature_alpha_dropout group_norm layer_norm max_pool1d max_pool2d
        max_pool3d pairwise_distance pdist pixel_shuffle pixel_unshuffle rms_norm rrelu rrelu_ selu_
        threshold_
    """,
    "nn.native": """
        batch_norm constant_pad_nd embedding grid_sampler grid_sampler_2d grid_sampler_3d instance_norm
    """,
    "nn.native_losses": """
        binary_cross_entropy_with_logits cosine_embedding_loss ctc_loss hinge_embedding_loss kl_div
        margin_ranking_loss poisson_nll_loss triplet_margin_loss
    """,
    "random": "get_rng_state initial_seed manual_seed seed set_rng_state",
    "serialization": "load save",
    "sparse": "sparse_coo sparse_coo_tensor",
}

# Methods that are functions as well; those with an underscore change their first argument.
_METHODS = """
    abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ asin_ asinh_ atan_
    atanh_ ceil_ clamp_ clamp_max_ clamp_min_ clip_ cos_ cosh_ deg2rad_ detach detach_ erf_ erfc_ exp2_
    exp_ expm1_ fill_ fix_ floor_ frac_ gcd_ get_device i0_ index_put_ is_conj is_inference is_neg
    is_signed lcm_ ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_ negative_ rad2deg_
    reciprocal_ relu_ resize_as_ round_ rsqrt_ sigmoid_ sin_ sinc_ sinh_ sqrt_ square_ tan_ tanh_ trunc_
    xlogy_ zero_
""".split()

_WHERE = {
    alias: (module, name or alias)
    for module, names in _HOMES.items()
    for alias, _, name in (entry.partition("=") for entry in names.split())
}

__all__ = ["Size", "Tensor", "e", "inf", "keep_freed_memory", "nan", "newaxis", "pi", *_WHERE, *_METHODS]


# What is written in these rooms says that it is of this module; what is in public modules stays theirs.
_ROOMS = tuple(f"{__name__}.{room}." for room in ("core", "kernels", "ops", "tensors"))

_OF_TENSORS = (
    "ops.",
    "linalg.",
    "tensors.random_creation",
    "tensors.view_copies",
)  # errors there name what is no tensor

for _name in ("Size", "Tensor", "keep_freed_memory"):
    own(__name__, _name, globals()[_name])


def __getattr__(name):
    if name in _WHERE:
        module, attribute = _WHERE[name]
        value = documented(getattr(importlib.import_module(f"{__name__}.{module}"), attribute))
        if module.startswith(_OF_TENSORS) or name.endswith("_like"):
            value = takes_tensors(value)
        if (getattr(value, "__module__", None) or "").startswith(_ROOMS):
            own(__name__, name, value)
    elif name in _METHODS:
        value = takes_tensors(documented(getattr(Tensor, name)))
    elif name in _SUBMODULES:
        value = importlib.import_module(f"{__name__}.{name}")
    else:
        raise NoSuchName(__name__, name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__():
    return sorted({*globals(), *__all__, *_SUBMODULES})
