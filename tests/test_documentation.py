"""Every public function and class says of each parameter what it is, with PyTorch's names, and shows examples
that run.
"""

import doctest
import enum
import importlib
import inspect
import pathlib
import re
from importlib.util import find_spec

import numpy as np
import pytest

import mytorch
from mytorch import distributed, documentation, nn, optim
from mytorch.documentation import text as parts
from mytorch.ops.composite import SPELLINGS
from tests.referee import answer

MODULES = """
    mytorch mytorch.masked mytorch.signal.windows mytorch.nn.utils.prune
    mytorch.nn mytorch.nn.functional mytorch.nn.init mytorch.nn.utils mytorch.nn.utils.rnn
    mytorch.nn.utils.parametrize mytorch.nn.utils.parametrizations mytorch.nn.utils.stateless mytorch.optim
    mytorch.optim.lr_scheduler mytorch.optim.swa_utils mytorch.linalg mytorch.special mytorch.distributions
    mytorch.distributions.constraints mytorch.utils.data mytorch.autograd mytorch.autograd.functional
    mytorch.func mytorch.datasets mytorch.datasets.transforms mytorch.amp mytorch.cuda mytorch.accelerator
    mytorch.hub mytorch.random mytorch.serialization mytorch.testing mytorch.utils.checkpoint
    mytorch.utils.visualize mytorch.jit mytorch.onnx mytorch.compiler mytorch.distributed
    mytorch.multiprocessing mytorch.fft mytorch.autograd.graph mytorch.profiler mytorch.nn.parallel
    mytorch.distributed.nn mytorch.distributed.optim mytorch.distributed.algorithms.join
    mytorch.distributed.algorithms.ddp_comm_hooks.default_hooks mytorch.overrides
    mytorch.autograd.forward_ad
""".split()
HERE = pathlib.Path(documentation.__file__).parent


def names_of(module):
    """The public names of a module that are not merely imported into it."""
    names = vars(module)
    for name in names.get("__all__", dir(module)):
        value = getattr(module, name)
        home = getattr(value, "__module__", None) or ""
        own = "__all__" in names or home.startswith(module.__name__)
        ours = home.startswith("mytorch") and (inspect.isfunction(value) or inspect.isclass(value))
        if own and ours and not name.startswith("_"):
            yield name, value


def public():
    """{name: value} of the public functions and classes of the package, each once."""
    found = {}
    for module in map(importlib.import_module, MODULES):
        for name, value in names_of(module):
            found.setdefault(id(value), (f"{module.__name__}.{name}", value))
    return dict(found.values())


PUBLIC = public()


def parameters(value):
    """The parameters of a call, by name."""
    if inspect.isclass(value) and issubclass(value, enum.Enum):  # Enum's own call makes new classes, too
        return {"value": inspect.Parameter("value", inspect.Parameter.POSITIONAL_OR_KEYWORD)}
    try:
        return {name: p for name, p in inspect.signature(value).parameters.items() if name != "self"}
    except ValueError:  # an exception class
        return {}


def section(value, heading):
    found = re.search(rf"^{heading}:\n((?:(?:    .*)?\n)+)", f"{inspect.getdoc(value) or ''}\n", re.MULTILINE)
    return inspect.cleandoc(f"\n{found[1]}") if found else ""


# ---- what is said ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_every_parameter_has_a_type_a_default_and_a_meaning(module):
    wrong = {}
    for name, value in PUBLIC.items():
        if name.rpartition(".")[0] != module:
            continue
        said = {}
        for line in section(value, "Args").splitlines():
            if match := re.fullmatch(r"(\*{0,2})(\w+)(?: \((.*?)\))?: (.+)", line):
                said[match[2]] = match
        for parameter, p in parameters(value).items():
            match = said.get(parameter)
            starred = p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            if not match or not (match[3] or starred):
                wrong.setdefault(name, []).append(parameter)
            elif p.default is not p.empty and "default " not in match[3]:
                wrong.setdefault(name, []).append(f"{parameter}'s default")
    assert not wrong, f"{len(wrong)} functions and classes do not describe their parameters: {wrong}"


# Not everyday: what changes its first argument in place is shown by the function that it is named after.
WITHOUT_EXAMPLE = """
    are_deterministic_algorithms_enabled get_float32_matmul_precision is_anomaly_check_nan_enabled
    is_anomaly_enabled keep_freed_memory show_config seed load_safetensors save_safetensors layout
    memory_format set_float32_matmul_precision set_flush_denormal use_deterministic_algorithms
    set_default_tensor_type is_autocast_enabled get_device LinAlgError multi_head_attention_forward
    fractional_max_pool2d_with_indices fractional_max_pool3d_with_indices range is_inference is_signed
    upsample upsample_bilinear upsample_nearest weight_norm remove_weight_norm fuse_conv_bn_weights
    fuse_linear_bn_weights get_swa_avg_fn CheckpointError noop_context_fn
""".split()
EVERYDAY = """
    mytorch mytorch.nn mytorch.nn.functional mytorch.nn.init mytorch.optim mytorch.optim.lr_scheduler
    mytorch.linalg mytorch.special mytorch.distributions mytorch.utils.data mytorch.autograd
    mytorch.autograd.functional mytorch.func mytorch.nn.utils mytorch.nn.utils.rnn mytorch.optim.swa_utils
    mytorch.amp mytorch.testing mytorch.utils.checkpoint
""".split()


def test_everyday_names_have_an_example():
    missing = [
        name
        for name, value in PUBLIC.items()
        if name.rpartition(".")[0] in EVERYDAY
        and not name.endswith("_")
        and not re.match(r"As |Deprecated: |.* and where each |.*: a tensor of ", value.__doc__)
        and name.rpartition(".")[2] not in WITHOUT_EXAMPLE
        and ">>>" not in section(value, "Example")
    ]
    assert not missing, f"{len(missing)} without an example: {' '.join(missing)}"


def test_no_markup_is_seen():
    markup = re.compile(r":\w+:`|\*\*\w+\.\*\*|^\.\. ", re.MULTILINE)
    seen = [name for name, value in PUBLIC.items() if markup.search(inspect.getdoc(value) or "")]
    assert not seen, seen


# ---- the text files ----------------------------------------------------------------------------------

FILES = sorted(path.relative_to(HERE).with_suffix("").as_posix() for path in HERE.rglob("*.txt"))


def written_in(file):
    """{name: [values]} of all that the modules of a file or folder define."""
    source, found = HERE.parent / file, {}
    paths = [source.with_suffix(".py")] if source.with_suffix(".py").is_file() else source.rglob("*.py")
    for path in paths:
        if "samples" in path.parts:
            continue
        dotted = ".".join(path.relative_to(HERE.parent.parent).with_suffix("").parts)
        module = importlib.import_module(dotted.removesuffix(".__init__"))
        for name, value in ((name, getattr(module, name)) for name in dir(module)):
            methods = vars(value).items() if inspect.isclass(value) else ()
            for key, function in ((name, value), (getattr(value, "__name__", name), value), *methods):
                if callable(function):
                    found.setdefault(key, []).append(function)
    return found


@pytest.mark.parametrize("file", [file for file in FILES if file != "glossary"])
def test_entries_are_about_something(file):
    """No entry outlives its function, and no line its parameter."""
    known = written_in(file)
    for name, (signature, text) in documentation.entries(file).items():
        if name == "*":
            continue
        assert name in known, f"{file}.txt: there is no {name}"
        own = {getattr(value, "__name__", name) for value in known[name]}
        assert name in own, f"{file}.txt: {name} is another name of {own}, whose entry is shown"
        taken = {p for value in known[name] for p in parameters(value)}
        taken |= {*documentation.stated(signature).parameters} if signature else set()
        unknown = set(parts.parameters_and_rest(inspect.cleandoc(f"\n{text}"))[0]) - taken
        assert not unknown, f"{file}.txt: {name} has no parameters {unknown}"


def test_what_is_said_everywhere_is_said_once():
    """A line that repeats what the glossary, or the whole file, says already."""
    repeated = []
    for file in FILES:
        shared = documentation.shared(file) if file != "glossary" else {}
        for name, (_, text) in documentation.entries(file).items():
            for parameter, said in parts.parameters_and_rest(inspect.cleandoc(f"\n{text}"))[0].items():
                if name != "*" and shared.get(parameter) == said:
                    repeated.append(f"{file}: {name}: {parameter}")
    assert not repeated, repeated


# ---- signatures --------------------------------------------------------------------------------------

# Keywords of torch that are not taken here.
NOT_TAKEN = {
    "autograd.backward": "grad_variables",
    "autograd.enable_grad": "orig_func",
    "enable_grad": "orig_func",
    "from_numpy": "ndarray",  # by position in torch, too
    "inverse": "input",
    "load": "pickle_module mmap",
    "nn.Hardtanh": "min_value max_value",
    "nn.functional.one_hot": "tensor",  # torch takes ``input``, whatever it says
    "orgqr": "input",
    "save": "pickle_module pickle_protocol _use_new_zipfile_serialization _disable_byteorder_record",
    "searchsorted": "values",  # torch takes ``input``, whatever it says
    "set_num_threads": "int",  # by position in torch, too
    "swapaxes": "axis0 axis1",
    "triangular_solve": "b",  # torch takes ``input``, whatever it says
    "true_divide": "dividend divisor",  # torch takes ``input`` and ``other``, whatever it says
    "utils.checkpoint.CheckpointPolicy": "names module qualname type start boundary",  # of Enum
}
# They change nothing here, or are said by ``**options``.
MEANINGLESS = {"out", "layout", "pin_memory", "memory_format", "args", "kwargs", "pickle_load_args"}


def names_in_torch(torch, module):
    """{name: the names of its parameters} of the public functions and classes of torch that say them."""
    owner, found = torch, {}
    for part in filter(None, module.split(".")):
        owner = getattr(owner, part)
    for name in dir(owner):
        value = getattr(owner, name, None)
        if name.startswith("_") or not callable(value):
            continue
        try:
            found[name] = list(inspect.signature(value).parameters)
        except (TypeError, ValueError):
            said = value.__doc__ if isinstance(value.__doc__, str) else ""
            for line in re.findall(r"^\s*(?:\w+\.)*\w+\((.*)\) *->", said, re.MULTILINE)[:1]:
                while line != (line := re.sub(r"\([^()]*\)|\[[^][]*\]", "", line)):
                    pass
                words = [re.sub(r"[=:].*", "", word).strip("* \\") for word in line.split(",")]
                found[name] = [word.split()[-1] for word in words if word]
    return found


@pytest.mark.parametrize("module", EVERYDAY)
def test_parameters_have_torchs_names(module):
    short, ours = module.partition(".")[2], dict(names_of(importlib.import_module(module)))
    missing = {}
    for name, wanted in answer(names_in_torch, short).items():
        mine = parameters(ours[name]) if name in ours else {}
        if mine and not any(p.kind is p.VAR_KEYWORD for p in mine.values()):
            known = {*mine, *MEANINGLESS, *NOT_TAKEN.get(f"{short}.{name}".strip("."), "").split()}
            known |= {theirs for theirs, our in SPELLINGS.items() if our in mine}
            if lacking := [word for word in wanted if word not in known and word != "self"]:
                missing[name] = lacking
    assert not missing, missing


def test_signatures_are_those_of_calls():
    assert str(inspect.signature(mytorch.sum)) == "(input, dim=None, keepdim=False, *, dtype=None, out=None)"
    assert str(inspect.signature(mytorch.add)) == "(input, other, *, alpha=1, out=None)"
    assert str(inspect.signature(mytorch.exp_)) == "(input)"
    assert inspect.signature(mytorch.Tensor.sum) == inspect.signature(mytorch.sum)
    x = mytorch.ones(2, 3)
    assert mytorch.equal(mytorch.sum(input=x, dim=0, keepdim=True, dtype=mytorch.float64), 2 * x[:1].double())
    assert mytorch.equal(mytorch.sum(x, 0, True), 2 * x[:1])


def test_a_method_has_the_documentation_of_its_function():
    assert mytorch.Tensor.cumsum.__doc__ == mytorch.cumsum.__doc__
    assert ">>> mytorch.cumsum(" in inspect.getdoc(mytorch.Tensor.cumsum)


# ---- examples ----------------------------------------------------------------------------------------

NEEDED = re.compile(r"needs the package (\w+)")
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")


class Checker(doctest.OutputChecker):
    """Numbers agree to three digits, whatever the machine's last ones are; spaces do not count."""

    def check_output(self, want, got, flags):
        if NUMBER.sub("#", "".join(want.split())) != NUMBER.sub("#", "".join(got.split())):
            return False
        pairs = zip(NUMBER.findall(want), NUMBER.findall(got))
        return all(abs(float(a) - float(b)) <= 1e-3 * abs(float(a)) + 1e-4 for a, b in pairs)


NAMES = {"mytorch": mytorch, "nn": nn, "F": nn.functional, "optim": optim, "np": np, "dist": distributed}


def test_examples_come_last():
    """What an entry says of a parameter behind an example would be shown as a part of the example."""
    wrong = [
        name
        for name, value in PUBLIC.items()
        if set(parts.parameters_and_rest(section(value, "Example"))[0]) & set(parameters(value))
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("module", MODULES)
def test_examples_run(module):
    failures = []
    parser, seed = doctest.DocTestParser(), mytorch.initial_seed()
    for name, value in PUBLIC.items():
        missing = any(find_spec(package) is None for package in NEEDED.findall(value.__doc__ or ""))
        if name.rpartition(".")[0] == module and (example := section(value, "Example")) and not missing:
            mytorch.manual_seed(0)
            test = parser.get_doctest(example, dict(NAMES), name, None, 0)
            doctest.DocTestRunner(Checker()).run(test, out=failures.append)
    mytorch.manual_seed(seed)
    assert not failures, "\n".join(failures)


def test_an_example_can_fail():
    assert Checker().check_output("tensor([1.00, 2.0])\n", "tensor([1.00,\n 2.0001])\n", 0)
    assert not Checker().check_output("tensor([1.00, 2.0])\n", "tensor([1.00, 2.1])\n", 0)
