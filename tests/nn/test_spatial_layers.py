"""Convolution, pooling, padding, normalisation and resizing layers against PyTorch's: results, gradients,
state dicts, texts, refusals.
"""

import math
import warnings

import numpy as np
import pytest

import mytorch
from mytorch import nn
from tests.draws import draws
from tests.referee import answer, compare, same_error, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take

IMAGE, LINE, VOLUME = (3, 4, 7, 6), (3, 4, 9), (2, 4, 5, 4, 6)
LAYERS = [
    ("Conv1d", (4, 6, 3), {"padding": 1, "stride": 2}, LINE),
    ("Conv2d", (4, 6, 3), {}, IMAGE),
    (
        "Conv2d",
        (4, 6, (3, 2)),
        {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2, "bias": False},
        IMAGE,
    ),
    ("Conv2d", (4, 6, (3, 2)), {"padding": "same", "dilation": (1, 2)}, IMAGE),
    ("Conv2d", (4, 6, 3), {"padding": "valid"}, IMAGE),
    ("Conv2d", (4, 6, 3), {"padding": (1, 2), "padding_mode": "reflect"}, IMAGE),
    ("Conv2d", (4, 6, 3), {"padding": (1, 2), "padding_mode": "replicate"}, IMAGE),
    ("Conv2d", (4, 6, (3, 4)), {"padding": "same", "padding_mode": "circular"}, IMAGE),
    ("Conv3d", (4, 2, 3), {"padding": 1, "stride": 2}, VOLUME),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "output_padding": 1}, LINE),
    ("ConvTranspose2d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, IMAGE),
    ("ConvTranspose2d", (4, 6, (3, 2)), {"dilation": 2, "bias": False}, IMAGE),
    ("ConvTranspose3d", (4, 2, 2), {"stride": (1, 2, 1)}, VOLUME),
    ("MaxPool1d", (3,), {"stride": 2, "padding": 1}, LINE),
    ("MaxPool2d", (2,), {}, IMAGE),
    (
        "MaxPool2d",
        ((3, 2),),
        {"stride": (2, 1), "padding": 1, "ceil_mode": True, "return_indices": True},
        IMAGE,
    ),
    ("MaxPool3d", (2,), {"dilation": (1, 2, 1), "stride": 1}, VOLUME),
    ("AvgPool1d", (3,), {"stride": 2, "padding": 1, "ceil_mode": True}, LINE),
    ("AvgPool2d", (3,), {"stride": 2, "padding": 1, "count_include_pad": False}, IMAGE),
    ("AvgPool2d", (2,), {"divisor_override": 3}, IMAGE),
    ("AvgPool3d", (2,), {}, VOLUME),
    ("LPPool1d", (2, 3), {}, LINE),
    ("LPPool2d", (2, 2), {"stride": 1}, IMAGE),
    ("LPPool3d", (2, 2), {}, VOLUME),
    ("AdaptiveAvgPool1d", (4,), {}, LINE),
    ("AdaptiveAvgPool2d", ((3, None),), {}, IMAGE),
    ("AdaptiveAvgPool2d", (1,), {}, IMAGE),
    ("AdaptiveAvgPool3d", (2,), {}, VOLUME),
    ("AdaptiveMaxPool1d", (4,), {}, LINE),
    ("AdaptiveMaxPool2d", ((3, 2),), {"return_indices": True}, IMAGE),
    ("AdaptiveMaxPool3d", (2,), {}, VOLUME),
    ("ConstantPad1d", (2, 1.5), {}, LINE),
    ("ConstantPad2d", ((1, 2, 0, -1), 1.5), {}, IMAGE),
    ("ConstantPad3d", (1, 0.5), {}, VOLUME),
    ("ZeroPad1d", (1,), {}, LINE),
    ("ZeroPad2d", ((1, 2, 3, 0),), {}, IMAGE),
    ("ZeroPad3d", (1,), {}, VOLUME),
    ("ReflectionPad1d", ((2, 1),), {}, LINE),
    ("ReflectionPad2d", (2,), {}, IMAGE),
    ("ReflectionPad3d", (1,), {}, VOLUME),
    ("ReplicationPad1d", (2,), {}, LINE),
    ("ReplicationPad2d", ((1, 2, 3, 0),), {}, IMAGE),
    ("ReplicationPad3d", (1,), {}, VOLUME),
    ("CircularPad1d", ((2, 1),), {}, LINE),
    ("CircularPad2d", (2,), {}, IMAGE),
    ("CircularPad3d", (1,), {}, VOLUME),
    ("BatchNorm1d", (4,), {}, (5, 4)),
    ("BatchNorm1d", (4,), {"eps": 1e-2, "momentum": 0.3}, LINE),
    ("BatchNorm2d", (4,), {}, IMAGE),
    ("BatchNorm2d", (4,), {"affine": False}, IMAGE),
    ("BatchNorm2d", (4,), {"momentum": None}, IMAGE),
    ("BatchNorm2d", (4,), {"track_running_stats": False}, IMAGE),
    ("BatchNorm2d", (4,), {"bias": False}, IMAGE),
    ("BatchNorm3d", (4,), {}, VOLUME),
    ("LayerNorm", (6,), {}, IMAGE),
    ("LayerNorm", ((7, 6),), {"eps": 1e-2}, IMAGE),
    ("LayerNorm", (6,), {"bias": False}, IMAGE),
    ("LayerNorm", (6,), {"elementwise_affine": False}, IMAGE),
    ("RMSNorm", (6,), {}, IMAGE),
    ("RMSNorm", ((7, 6),), {"eps": 1e-2, "elementwise_affine": False}, IMAGE),
    ("GroupNorm", (2, 4), {}, IMAGE),
    ("GroupNorm", (4, 4), {"affine": False}, LINE),
    ("GroupNorm", (2, 4), {"bias": False}, LINE),
    ("InstanceNorm1d", (4,), {"affine": True}, LINE),
    ("InstanceNorm2d", (4,), {}, IMAGE),
    ("InstanceNorm2d", (4,), {"affine": True, "track_running_stats": True}, IMAGE),
    ("InstanceNorm3d", (4,), {}, VOLUME),
    ("LocalResponseNorm", (3,), {"alpha": 0.1, "k": 1.5}, IMAGE),
    ("Upsample", (), {"scale_factor": 2}, IMAGE),
    ("Upsample", (), {"size": (5, 9), "mode": "bilinear", "align_corners": True}, IMAGE),
    ("Upsample", ((3, 4),), {"mode": "bicubic"}, IMAGE),
    ("UpsamplingNearest2d", (), {"scale_factor": 2}, IMAGE),
    ("UpsamplingBilinear2d", ((5, 9),), {}, IMAGE),
    ("PixelShuffle", (2,), {}, IMAGE),
    ("PixelUnshuffle", (2,), {}, (3, 2, 6, 4)),
    ("ChannelShuffle", (2,), {}, IMAGE),
    ("Unfold", ((2, 3),), {"padding": 1, "stride": 2}, IMAGE),
    ("Fold", ((4, 5), 2), {}, (2, 8, 12)),
]
rows = pytest.mark.parametrize(
    ("name", "args", "settings", "shape"), LAYERS, ids=[f"{n}{a}{','.join(s)}" for n, a, s, _ in LAYERS]
)


def build(name, args, settings, dtype="float64"):
    """The layer in both libraries with the same random parameters."""
    theirs = getattr(torch.nn, name)(*args, **settings).to(getattr(torch, dtype))
    ours = getattr(nn, name)(*args, **settings).to(getattr(mytorch, dtype))
    rng = draws(1)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        values = rng.uniform(0.5, 1.5, tuple(other.shape))
        other.data = torch.tensor(values, dtype=other.dtype)
        mine.data = mytorch.tensor(values, dtype=dtype)
    return ours, theirs


@rows
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_results_gradients_and_buffers(name, args, settings, shape, dtype):
    ours, theirs = build(name, args, settings, dtype)
    x = draws(0).standard_normal(shape)
    parameters = (list(ours.parameters()), list(theirs.parameters()))

    def run(library, x):
        return (ours if library is mytorch else theirs)(x)

    for training in (True, True, False):
        ours.train(training), theirs.train(training)
        for p in (*parameters[0], *parameters[1]):
            p.grad = None
        compare(run, [x], dtype, parameters)
    for (key, mine), (_, other) in zip(ours.state_dict().items(), theirs.state_dict().items()):
        np.testing.assert_allclose(
            mine.numpy(), other.numpy(), rtol=1e-10 if dtype == "float64" else 1e-4, err_msg=key
        )


@rows
def test_text_attributes_and_state(name, args, settings, shape):
    ours, theirs = build(name, args, settings)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [tuple(v.shape) for v in ours.state_dict().values()] == [
        tuple(v.shape) for v in theirs.state_dict().values()
    ]
    assert [str(v.dtype).split(".")[1] for v in ours.state_dict().values()] == [
        str(v.dtype).split(".")[1] for v in theirs.state_dict().values()
    ]
    public = answer(lambda _, layer: {k: v for k, v in vars(layer).items() if not k.startswith("_")}, theirs)
    mine = {k: getattr(ours, k) for k in public}
    assert mine == public


@rows
def test_unbatched(name, args, settings, shape):
    if name.startswith(("BatchNorm", "GroupNorm", "LocalResponseNorm", "Upsamp", "ChannelShuffle")):
        return  # these need the batch
    ours, theirs = build(name, args, settings)
    compare(
        lambda library, x: (ours if library is mytorch else theirs)(x),
        [draws(0).standard_normal(shape[1:])],
    )


@pytest.mark.parametrize(
    ("name", "args"), [("Conv2d", (16, 32, 3)), ("ConvTranspose2d", (16, 32, 3)), ("Conv1d", (8, 64, 5))]
)
def test_initial_values(name, args):
    """Uniform in the same bounds as torch's; both depend on the shape alone."""
    ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
    for mine, other in zip(ours.parameters(), theirs.parameters()):
        bound = 1 / math.sqrt(math.prod(ours.weight.shape[1:]))
        for values in (mine.detach().numpy(), other.detach().numpy()):
            assert np.abs(values).max() <= bound
            assert np.abs(values).max() > 0.8 * bound
    assert abs(ours.weight.detach().numpy().std() * math.sqrt(3) / bound - 1) < 0.1


def test_output_size_of_transposed_convolution():
    for size in ([11, 11], [12, 12], [3, 4, 12, 11]):
        ours, theirs = build("ConvTranspose2d", (4, 4, 3), {"stride": 2})
        compare(
            lambda library, x: (ours if library is mytorch else theirs)(x, output_size=size),
            [np.ones((3, 4, 5, 5))],
        )
    too_large = lambda library, x: library.nn.ConvTranspose2d(4, 4, 3, stride=2)(x, output_size=[20, 20])
    same_error(too_large, np.ones((1, 4, 5, 5)), match="valid sizes range")


def test_unpooling_layer():
    def there_and_back(library, x):
        values, indices = library.nn.MaxPool2d(2, return_indices=True)(x)
        return library.nn.MaxUnpool2d(2)(values, indices, output_size=x.shape)

    compare(there_and_back, [draws(0).standard_normal((2, 3, 5, 6))])
    assert repr(nn.MaxUnpool2d(2, 3)) == repr(torch.nn.MaxUnpool2d(2, 3))


REFUSED = [
    (
        lambda lib: lib.nn.Conv2d(3, 4, 3, padding="same", stride=2),
        "padding='same' is not supported for strided convolutions",
    ),
    (lambda lib: lib.nn.Conv2d(3, 4, 3, groups=2), "in_channels must be divisible by groups"),
    (lambda lib: lib.nn.Conv2d(4, 3, 3, groups=2), "out_channels must be divisible by groups"),
    (lambda lib: lib.nn.Conv2d(4, 3, 3, groups=0), "groups must be a positive integer"),
    (lambda lib: lib.nn.Conv2d(4, 3, 3, padding="foo"), "Invalid padding string 'foo'"),
    (lambda lib: lib.nn.Conv2d(4, 3, 3, padding_mode="foo"), "padding_mode must be one of"),
    (
        lambda lib: lib.nn.ConvTranspose2d(4, 3, 3, padding_mode="reflect"),
        'Only "zeros" padding mode is supported for ConvTranspose2d',
    ),
    (
        lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.zeros(3, 5)),
        "Expected 3D (unbatched) or 4D (batched) input to conv2d",
    ),
    (
        lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.zeros(1, 2, 5, 5)),
        "to have 3 channels, but got 2 channels instead",
    ),
    (lambda lib: lib.nn.Conv2d(3, 4, 0)(lib.zeros(1, 3, 5, 5)), ""),
    (lambda lib: lib.nn.ConvTranspose2d(3, 4, 3)(lib.zeros(1, 3, 0, 5)), ""),
    (lambda lib: lib.nn.MaxPool2d("a")(lib.zeros(1, 2, 5, 5)), ""),
    (lambda lib: lib.nn.ReplicationPad1d("a")(lib.zeros(1, 2, 5)), ""),
    (lambda lib: lib.nn.GroupNorm(2, 3), "num_channels (3) must be divisible by num_groups (2)"),
    (
        lambda lib: lib.nn.BatchNorm1d(3)(lib.zeros(1, 3)),
        "Expected more than 1 value per channel when training",
    ),
    (
        lambda lib: lib.nn.BatchNorm1d(4)(lib.zeros(1, 3)),
        "Expected more than 1 value per channel when training",
    ),
    (lambda lib: lib.nn.BatchNorm1d(4)(lib.zeros(2, 3)), "running_mean should contain 3 elements not 4"),
    (lambda lib: lib.nn.BatchNorm2d(4)(lib.zeros(2, 4)), "expected 4D input (got 2D input)"),
    (lambda lib: lib.nn.BatchNorm1d(4)(lib.zeros(2, 4, 3, 3)), "expected 2D or 3D input (got 4D input)"),
    (lambda lib: lib.nn.InstanceNorm2d(3)(lib.zeros(3, 2)), "expected 3D or 4D input (got 2D input)"),
    (
        lambda lib: lib.nn.InstanceNorm2d(4, affine=True)(lib.zeros(2, 3, 2, 2)),
        "to match num_features (4), but got: 3.",
    ),
]


@pytest.mark.parametrize(("call", "match"), REFUSED, ids=[match for _, match in REFUSED])
def test_refusals(call, match):
    same_error(call, match=match)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("name", "args", "settings", "dtypes"),
    [
        ("InstanceNorm1d", (4,), {"affine": True, "track_running_stats": True}, ("float32", "float16")),
        ("InstanceNorm1d", (4,), {"track_running_stats": True}, ("float32", "float64")),
        ("GroupNorm", (2, 4), {}, ("float32", "float16")),
    ],
    ids=str,
)
def test_parameters_of_another_dtype(name, args, settings, dtypes, training):
    ours, theirs = build(name, args, settings, dtypes[0])
    ours.train(training), theirs.train(training)
    compare(
        lambda lib, x: (ours if lib is mytorch else theirs)(x),
        [draws(0).standard_normal(LINE)],
        dtypes[1],
    )


def test_instance_norm_warns_of_other_numbers_of_channels():
    for lib in (mytorch, torch):
        with pytest.warns(UserWarning, match="input's size at dim=1 does not match num_features"):
            lib.nn.InstanceNorm1d(4)(lib.ones(2, 3, 5))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("AdaptiveAvgPool2d", (2, 0, 7, 6)),
        ("AdaptiveMaxPool2d", (0, 3, 7, 6)),
        ("AdaptiveMaxPool1d", (0, 3, 7)),
    ],
    ids=str,
)
def test_adaptive_pools_of_nothing(name, shape):
    # torch: no backward without channels
    compare(lambda lib, x: getattr(lib.nn, name)(3)(x), [np.zeros(shape)], backward=shape[1] > 0)


def test_weights_travel_from_torch():
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.ConvTranspose2d(8, 2, 2, 2),
    )
    ours = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.ConvTranspose2d(8, 2, 2, 2)
    )
    x = draws(0).standard_normal((4, 3, 6, 6)).astype("float32")
    theirs(torch.tensor(x))  # moves the running statistics
    ours.load_state_dict({k: mytorch.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    ours.eval(), theirs.eval()
    np.testing.assert_allclose(
        ours(mytorch.tensor(x)).detach().numpy(),
        theirs(torch.tensor(x)).detach().numpy(),
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using padding='same' with even kernel")
        warnings.filterwarnings("ignore", message="MaxPool|.*instance_norm.*|.*size_average.*")
        yield
