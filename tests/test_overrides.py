"""``__torch_function__``: one program in both libraries, and what each handler was called with."""

import copy
import functools
import pickle

import pytest

import mytorch
from mytorch.ops.interpose import _chains
from tests.referee import answer


def agree(scenario, *args):
    """``scenario(lib)`` gives the same lists of words and numbers in both libraries."""
    mine, theirs = lists(scenario(mytorch, *args)), lists(answer(scenario, *args))
    assert mine == theirs


def lists(value):
    return [lists(part) for part in value] if isinstance(value, (tuple, list)) else value


def plain(lib, value):
    """A result as words and numbers, which both libraries can give alike."""
    if isinstance(value, (tuple, list)):
        return [plain(lib, part) for part in value]
    if isinstance(value, lib.Tensor):
        return [type(value).__name__, plain(lib, value.as_subclass(lib.Tensor).tolist())]
    if isinstance(value, float):
        return round(value, 5)
    return value if isinstance(value, (int, str, type(None))) else type(value).__name__


def logged(lib):
    """A subclass of Tensor, and the list of what it is asked."""
    log = []

    class Logged(lib.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            kinds = [kind.__name__ for kind in types if kind is not lib.Tensor]
            log.append(f"{func.__name__} {' '.join(kinds)}")
            return super().__torch_function__(func, types, args, kwargs)

    return Logged, log


# ---- which functions -----------------------------------------------------------------------------

CALLS = """
    x + 1 | 1 + x | x - 1 | 1 - x | x * 2 | 2 * x | x / 2 | 2 / x | x % 2 | 5 % x | x ** 2 | 2 ** x
    -x | +x | abs(x) | x @ x | x @ y | y @ x | y + x | x != 1 | x == 1 | x < 1 | x >= 1
    1 < x | 2 // x | 1 << i
    ~i | x[0] | x[0, 0].item() | x.shape | x.size() | x.T | x.mT | x.H | x.dtype | x.ndim | x.dim() | x.grad
    x.requires_grad | x.is_leaf | x.data | x.grad_fn | x.add(1) | x.add_(1) | x.clone() | x.detach()
    x.numpy() | x.tolist() | float(x[0, 0]) | int(x[0, 0]) | bool(x[0, 0]) | len(x) | 1 in x | format(x[0, 0])
    x.to(lib.float64) | x.float() | x.cpu() | x.view(4) | x.reshape(4) | x.max(0) | x.sum(dim=0, keepdim=True)
    x.sum() | lib.max(x, 0) | lib.add(x, 1) | lib.cat([x, y]) | lib.stack((y, x)) | str(x) | x.is_cuda
    lib.where(x > 1, x, 0) | lib.is_tensor(x) | lib.numel(x) | lib.zeros_like(x) | x.nbytes | x.element_size()
    lib.as_tensor(x) | lib.sum(input=x) | lib.einsum('ij,jk', x, y) | lib.softmax(x, 0) | x.softmax(0)
    lib.nn.functional.relu(x) | lib.nn.functional.gelu(x) | lib.nn.functional.softmax(x, -1)
    lib.nn.functional.linear(y, x) | lib.nn.functional.pad(x, (1, 1)) | lib.nn.functional.cross_entropy(x, t)
    lib.nn.functional.normalize(x) | lib.nn.functional.mse_loss(x, y) | x.is_floating_point()
    lib.isinf(x) | lib.equal(x, x) | lib.allclose(x, y) | lib.broadcast_tensors(x, y) | lib.unbind(x)
    lib.clone(x) | lib.std(x) | lib.result_type(x, y) | lib.broadcast_shapes((1,), (2,)) | lib.exp(x, out=z)
    x.new_zeros(2) | x.new_tensor([1]) | x.stride() | x.numel() | x._version
    x.is_contiguous() | x.contiguous() | x.permute(1, 0) | x.expand(2, 2) | x.unique() | x.norm() | x.split(1)
    x.as_subclass(lib.Tensor) | x.copy_(y) | y.copy_(x) | x.requires_grad_() | x.exp_() | x.masked_fill(m, 0)
    lib.nn.Linear(2, 2, bias=False)(x).shape | lib.nn.ReLU()(x) | lib.nn.MSELoss()(x, y)
    lib.nn.LayerNorm(2)(x)
    lib.nn.Embedding(5, 2)(i).shape | lib.nn.Dropout(0.0)(x) | lib.nn.Identity()(x)
    lib.nn.CrossEntropyLoss()(x, t)
"""
STATEMENTS = """
    x[0] = 1 | x[0] = x[1] | x += 1 | x *= 2 | x -= 1 | x /= 2 | x **= 1 | x //= 1 | x.data = y
    x.grad = y | x.requires_grad = True | x.foo = 1 | y[0] = x[0] | y += x
"""


def entries(table):
    return [entry.strip() for line in table.strip().splitlines() for entry in line.split("|")]


def asked(lib, table):
    """Of each program of a table: the result, and what the handler was asked."""
    Logged, log = logged(lib)
    found = []
    for program in entries(table):
        names = {
            "lib": lib,
            "x": lib.tensor([[1.0, 2.0], [3.0, 4.0]]).as_subclass(Logged),
            "i": lib.tensor([[1, 2], [3, 4]]).as_subclass(Logged),
            "y": lib.ones(2, 2),
            "z": lib.ones(2, 2),
            "m": lib.tensor([True, False]),
            "t": lib.tensor([0, 1]),
            "result": None,
        }
        log.clear()
        exec(f"result = {program}" if table is CALLS else program, names)
        result = names["result"]
        parts = [type(part).__name__ for part in result] if isinstance(result, tuple) else []
        found.append(" ".join([program, type(result).__name__, *parts, *log]))
    return found


@pytest.mark.parametrize("table", [CALLS, STATEMENTS], ids=["calls", "statements"])
def test_who_is_asked(table):
    agree(asked, table)


# ---- classes -------------------------------------------------------------------------------------


def scalars(lib):
    """A class that is no tensor: PyTorch's example of a scalar times the identity."""
    handled = {}

    def implements(function):
        def register(own):
            handled[function] = functools.wraps(function)(own)
            return own

        return register

    class Scalar:
        def __init__(self, n, value):
            self.n, self.value = n, value

        def __repr__(self):
            return f"Scalar({self.n}, {self.value})"

        def tensor(self):
            return self.value * lib.eye(self.n)

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func not in handled or not all(issubclass(t, (lib.Tensor, Scalar)) for t in types):
                return NotImplemented
            return handled[func](*args, **(kwargs or {}))

    @implements(lib.mean)
    def mean(input):
        return float(input.value) / input.n

    def both(input, other):
        return lib.add(*(a.tensor() if isinstance(a, Scalar) else a for a in (input, other)))

    def add(input, other):
        if isinstance(input, Scalar) and isinstance(other, Scalar):
            return Scalar(input.n, input.value + other.value)
        return both(input, other)

    implements(lib.add)(add), implements(lib.Tensor.add)(add)
    implements(lib.nn.functional.relu)(lambda input, inplace=False: Scalar(input.n, max(input.value, 0)))
    implements(lib.cat)(lambda tensors, dim=0: len(tensors))
    implements(lib.linalg.norm)(lambda input: abs(input.value))
    s, ones = Scalar(2, -3), lib.ones(2, 2)
    calls = [
        lambda: lib.nn.functional.relu(s),
        lambda: lib.mean(s),
        lambda: lib.add(s, s),
        lambda: lib.add(s, ones),
        lambda: lib.add(ones, s),
        lambda: ones + s,
        lambda: lib.cat([ones, s]),
        lambda: lib.linalg.norm(s),
        lambda: lib.mul(s, ones),
        lambda: lib.stack([s, s]),
        lambda: lib.nn.functional.gelu(s),
        lambda: lib.add(object(), ones),
    ]
    return [outcome(lib, call) for call in calls]


def outcome(lib, call):
    """The result in words, or the class of the error."""
    try:
        result = call()
    except TypeError as error:
        return type(error).__name__
    return plain(lib, result) if isinstance(result, (lib.Tensor, tuple, float, int)) else repr(result)


def metadata(lib):
    """PyTorch's example of a wrapper that carries a word along."""

    class Metadata:
        def __init__(self, data, word):
            self.t, self.word = lib.as_tensor(data), word

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            words = {a.word for a in args if hasattr(a, "word")}
            args = [a.t if hasattr(a, "t") and not isinstance(a, lib.Tensor) else a for a in args]
            return cls(func(*args, **(kwargs or {})), *words)

    a, b = Metadata([1.0, -2.0], "owner"), lib.tensor([3.0, 4.0])
    functions = lib.nn.functional
    results = [
        *(lib.add(a, b), lib.mul(b, a), lib.sum(a), lib.nn.functional.relu(a), functions.softmax(a, 0)),
        *(lib.zeros_like(a), lib.exp(a), lib.clamp(a, 0), functions.linear(b, a), functions.dropout(a, 0.0)),
        *(lib.norm(a), functions.mse_loss(a, b), lib.nn.ReLU()(a), b * a, b @ a, lib.einsum("i,i->", b, b)),
    ]
    return [[r.word, plain(lib, r.t)] for r in results if isinstance(r, Metadata)]


def units(lib):
    """Numbers with a unit: rules by function, by identity, in a table."""

    class Quantity(lib.Tensor):
        unit = ""

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            known = [getattr(a, "unit", "") for a in args]
            if func in (lib.Tensor.add, lib.add) and len({u for u in known if u}) > 1:
                raise ValueError("units differ")
            result = super().__torch_function__(func, types, args, kwargs)
            if isinstance(result, cls):
                joined = "".join(known) if func in (lib.Tensor.mul, lib.mul) else known[0]
                result.unit = f"{known[0]}/{known[1]}" if func in (lib.Tensor.div, lib.div) else joined
            return result

    def quantity(values, unit):
        new = lib.tensor(values).as_subclass(Quantity)
        new.unit = unit
        return new

    metres, seconds = quantity([6.0, 8.0], "m"), quantity([2.0, 4.0], "s")
    results = [
        metres / seconds,
        metres * seconds,
        metres + metres,
        lib.mul(metres, 2),
        metres[0],
        metres.sum(),
    ]
    with pytest.raises(ValueError, match="units differ"):
        metres + seconds
    return [[r.unit, plain(lib, r)] for r in results]


def relatives(lib):
    """Subclasses come before their bases, unrelated ones refuse each other."""

    class Sub(lib.Tensor):
        pass

    class SubSub(Sub):
        pass

    class Other(lib.Tensor):
        pass

    class Never(lib.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return NotImplemented

    class Plain(lib.Tensor):
        __torch_function__ = lib._C._disabled_torch_function_impl if lib is not mytorch else _disabled

    s, ss, o, n, p = (cls([1.0, 2.0]) for cls in (Sub, SubSub, Other, Never, Plain))
    calls = [
        *(lambda: s + ss, lambda: ss + s, lambda: lib.add(s, lib.ones(2)), lambda: lib.cat([s, ss])),
        *(lambda: s + o, lambda: n + 1, lambda: s + n, lambda: lib.add(n, n), lambda: n.shape, lambda: p + 1),
        *(lambda: p + s, lambda: s.max(0), lambda: lib.split(ss, 1), lambda: list(s), lambda: s * p),
    ]
    return [outcome(lib, call) for call in calls]


_disabled = mytorch.nn.Parameter.__torch_function__


def gradients(lib):
    """Backward through a subclass."""
    Logged, _ = logged(lib)
    x = lib.tensor([1.0, 2.0]).as_subclass(Logged).requires_grad_()
    y = (x * x).sum()
    seen = []
    x.register_hook(lambda g: seen.append(type(g).__name__))
    y.backward()
    z = lib.nn.functional.linear(lib.ones(1, 2), x[None])
    found = [type(y), type(x.grad), type(z), type(x.detach()), type(y.grad_fn) is type(None)]
    return [str(getattr(f, "__name__", f)) for f in found], plain(lib, x.grad), seen, y.item()


def parameters(lib):
    """Parameters of a subclass: registered, trained, moved, saved and copied."""

    class Sub(lib.Tensor):
        pass

    layer = lib.nn.Linear(2, 1, bias=False)
    layer.weight = lib.nn.Parameter(lib.tensor([[1.0, 2.0]]).as_subclass(Sub))
    layer.register_buffer("seen", lib.nn.Buffer(Sub([3.0])))
    found = [
        isinstance(layer.weight, lib.nn.Parameter),
        isinstance(layer.weight, Sub),
        len([*layer.parameters()]),
    ]
    layer(lib.ones(1, 2)).sum().backward()
    lib.optim.SGD(layer.parameters(), 0.5).step()
    found += [plain(lib, layer.weight), plain(lib, layer.weight.grad), plain(lib, layer(lib.ones(1, 2)))]
    found += [[key, type(value).__name__] for key, value in layer.state_dict().items()]
    layer.load_state_dict({"weight": lib.zeros(1, 2), "seen": lib.ones(1)})
    layer.double()
    found += [plain(lib, layer.weight), isinstance(layer.weight, lib.nn.Parameter)]
    found += [repr(layer.float().weight)]

    class Own(lib.nn.Parameter):
        pass

    own = Own(lib.ones(2))
    return [*found, plain(lib, own + 1), plain(lib, own.detach())]


class Kept(mytorch.Tensor):
    """Found by pickle."""


def test_copies():
    x = Kept([1.0, 2.0])
    x.word = "owner"
    for new in (copy.deepcopy(x), copy.copy(x), pickle.loads(pickle.dumps(x))):
        assert type(new) is Kept and new.word == "owner" and new.tolist() == [1, 2]
    parameter = mytorch.nn.Parameter(x)
    parameter.word = "owner"
    new = copy.deepcopy(parameter)
    assert new.word == "owner" and type(new) is Kept and isinstance(new, mytorch.nn.Parameter)


# ---- modes ---------------------------------------------------------------------------------------


def mode_of(lib, name, log):
    class Noted(lib.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            log.append(f"{name} {func.__name__}")
            return func(*args, **(kwargs or {}))

    return Noted()


MADE = """
    lib.zeros(2) | lib.tensor([1]) | lib.as_tensor([1]) | lib.arange(3) | lib.linspace(0, 1, 3) | lib.eye(2)
    lib.rand(2).shape | lib.full((2,), 1.0) | lib.scalar_tensor(1) | lib.is_tensor(x) | lib.is_grad_enabled()
    x.shape | lib.get_default_dtype() | lib.can_cast(lib.int8, lib.float32) | lib.broadcast_shapes((1,), (2,))
    x + 1 | lib.nn.functional.relu(x) | x.sum().item() | lib.einsum('i->', x) | lib.from_numpy(a) | repr(x)
    lib.Tensor([1]) | lib.manual_seed(0) | lib.nn.functional.dropout(x, 0.0) | x.as_subclass(lib.Tensor)
    lib.hann_window(3) | lib.tril_indices(2, 2) | lib.fft.fft(x).shape | lib.numel(x) | hash(x) * 0
"""


def modes(lib):
    """What a mode is told of, and nested ones in their order."""
    import numpy

    log, found = [], []
    for program in entries(MADE):
        names = {"lib": lib, "x": lib.ones(2), "a": numpy.ones(2)}
        log.clear()
        with mode_of(lib, "", log):
            eval(program, names)
        found.append(" ".join([program, *(entry.strip().replace("fft_fft", "fft") for entry in log)]))
    log.clear()
    with mode_of(lib, "outer", log), mode_of(lib, "inner", log) as inner:
        lib.ones(2) + 1
        with inner:
            lib.zeros(1)
    lib.ones(3)
    return found, log


def replaced(lib):
    """Factories on another dtype; a mode before a subclass; what refuses; what is switched off."""
    Logged, log = logged(lib)

    class Doubles(lib.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            if func in (lib.zeros, lib.ones, lib.rand):
                kwargs["dtype"] = lib.float64
            return func(*args, **kwargs)

    class Never(lib.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            return NotImplemented

    class Base(lib.overrides.TorchFunctionMode):
        pass

    x, found = lib.ones(2).as_subclass(Logged), []
    with Doubles():
        found += [str(made.dtype)[-7:] for made in (lib.zeros(2), lib.ones(2), lib.tensor([1.0]))]
        found += [type(x * 2).__name__]
    with Never():
        found += [outcome(lib, lambda: lib.zeros(2)), outcome(lib, lambda: x * 2)]
    with lib.overrides.BaseTorchFunctionMode():
        found += [plain(lib, lib.ones(2) * 2)]
    with Base(), pytest.raises(NotImplementedError):
        lib.ones(2)
    off = lib.overrides if lib is mytorch else lib._C
    log.clear()
    with mode_of(lib, "mode", log), off.DisableTorchFunctionSubclass():
        found += [type(x + 1).__name__, lib.overrides.has_torch_function((x,))]
        with off.DisableTorchFunction():
            found += [type(x + 1).__name__, lib.overrides.has_torch_function((x,))]
            with off.DisableTorchFunctionSubclass():
                found += [type(lib.ones(1)).__name__]
    return found, log


# ---- functions of one's own ----------------------------------------------------------------------


def own_functions(lib):
    overrides = lib.overrides

    class Sub(lib.Tensor):
        pass

    class Never:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return NotImplemented

    class Named(Never):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return f"{func.__name__} {[t.__name__ for t in types]} {len(args)} {kwargs}"

    def double(x, *, times=2):
        if overrides.has_torch_function_unary(x):
            return overrides.handle_torch_function(double, (x,), x, times=times)
        return x * times

    @overrides.wrap_torch_function(lambda a, b: (a, b))
    def joined(a, b):
        return "plain"

    x, s, n, d = lib.ones(1), Sub([1.0]), Never(), Named()
    some = [x, s, n, d, lib.nn.Parameter(x), 1, None, [d]]
    log = []
    with mode_of(lib, "mode", log):
        double(x), joined(x, 1)
    return [
        [overrides.is_tensor_like(v) for v in some],
        [overrides.has_torch_function_unary(v) for v in some],
        [overrides.has_torch_function((x, d)), overrides.has_torch_function_variadic(x, s, 1)],
        [outcome(lib, lambda v=v: double(v, times=3)) for v in (x, s, n, d)],
        [outcome(lib, lambda a=a, b=b: joined(a, b)) for a in (x, n, d) for b in (1, n, d)],
        log,
        overrides.is_tensor_method_or_property(lib.Tensor.add),
        overrides.is_tensor_method_or_property(lib.Tensor.shape.__get__),
        overrides.is_tensor_method_or_property(lib.nn.functional.relu),
        [
            overrides.resolve_name(f)
            for f in (lib.add, lib.Tensor.shape.__get__, lib.Tensor.add_, lib.fft.fft, len)
        ],
        lib.add in overrides.get_overridable_functions()[lib] if lib is mytorch else True,
        lib.zeros in overrides.get_ignored_functions(),
        lib.add in overrides.get_ignored_functions(),
        overrides.get_testing_overrides()[lib.add](x, x),
    ]


@pytest.mark.parametrize(
    "scenario",
    [scalars, metadata, units, relatives, gradients, parameters, modes, replaced, own_functions],
    ids=lambda scenario: scenario.__name__,
)
def test_scenarios(scenario):
    agree(scenario)


def test_methods_that_are_no_classmethods():
    class Old:
        def __torch_function__(self, func, types, args=(), kwargs=None):
            return func.__name__

    with pytest.warns(DeprecationWarning, match="plain method"):
        assert mytorch.sum(Old()) == "sum"


def test_tensors_of_pytorch_take_over_nothing():
    class Base:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            raise AssertionError

    Base.__module__ = "torch._C"  # as that of torch.Tensor
    assert not mytorch.overrides.has_torch_function_unary(type("Tensor", (Base,), {})())


# ---- cost ----------------------------------------------------------------------------------------


def test_nothing_is_asked_while_nobody_is_there():
    code = mytorch.add.__code__

    class Sub(mytorch.Tensor):
        pass

    assert not _chains and mytorch.add.__code__ is code
    with mytorch.overrides.BaseTorchFunctionMode():
        assert mytorch.add.__code__ is not code
    assert not _chains and mytorch.add.__code__ is code
    Sub([1.0])
    assert mytorch.add.__code__ is not code


def test_autocast_is_inside():
    """A handler sees the call before autocast casts its tensors."""
    seen = []

    class Sub(mytorch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            seen.append(
                (func.__name__, str(mytorch.result_type(*args).numpy) if func.__name__ == "matmul" else "")
            )
            return super().__torch_function__(func, types, args, kwargs)

    x = mytorch.ones(2, 2).as_subclass(Sub)
    seen.clear()
    with mytorch.autocast("cpu", dtype=mytorch.bfloat16):
        y = x @ x
    assert ("matmul", "float32") in seen and type(y) is Sub and y.dtype == mytorch.bfloat16
