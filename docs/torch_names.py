"""Write the public names of the installed PyTorch to docs/torch_names.txt; the compatibility page compares
mytorch with them.

    python docs/torch_names.py        # needs torch; building the docs does not

Public is what has no underscore in front and a docstring, the functions that also are documented methods of
Tensor or functions of ``nn.functional``, and ``KNOWN``: PyTorch documents those on its site, but their
docstrings are empty. Left out is what torch's modules import from elsewhere, and the insides of its compiler.
"""

import inspect
import pydoc
from pathlib import Path

import torch
from torch.nn import functional

SECTIONS = [
    "torch",
    "torch.Tensor",
    "torch.nn",
    "torch.nn.Module",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.utils",
    "torch.nn.utils.rnn",
    "torch.nn.utils.parametrize",
    "torch.nn.utils.parametrizations",
    "torch.optim",
    "torch.optim.lr_scheduler",
    "torch.linalg",
    "torch.special",
    "torch.autograd",
    "torch.autograd.forward_ad",
    "torch.autograd.functional",
    "torch.func",
    "torch.utils.data",
    "torch.utils.checkpoint",
    "torch.distributions",
    "torch.amp",
    "torch.cuda",
    "torch.profiler",
    "torch.fft",
    "torch.nn.parallel",
    "torch.distributed",
]
KNOWN = {
    "torch": """
        BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor Generator HalfTensor IntTensor
        LongTensor ShortTensor Size Tensor default_generator device dtype finfo iinfo
        is_autocast_enabled memory_format newaxis rsub scalar_tensor
    """,
    "torch.Tensor": """
        clamp_max clamp_max_ clamp_min clamp_min_ data dtype grad_fn index_reduce is_nonzero layout
        log_softmax name new output_nr prelu relu relu_ split_with_sizes
    """,
    "torch.nn": "RNNCellBase",
    "torch.autograd": "Variable",
}
INSIDES = {
    "torch": """
        AVG AcceleratorError AggregationType DispatchKey PRIVATE_OPS SUM ScriptFunction Tag
        classproperty eig fork get_file_path import_ir_module import_ir_module_from_buffer
        init_num_threads lstsq matrix_rank merge_type_from_type_comment parse_ir parse_schema
        parse_type_comment prepare_multiprocessing_environment solve symeig unify_type_list wait
    """,
    "torch.nn.functional": """
        BroadcastingList1 BroadcastingList2 BroadcastingList3 DType ScalingType SwizzleType
        assert_int_or_pair boolean_dispatch handle_torch_function has_torch_function
        has_torch_function_unary has_torch_function_variadic
    """,
    "torch.autograd": """
        DeviceType ProfilerActivity ProfilerConfig ProfilerEvent ProfilerState SavedTensor
        handle_torch_function has_torch_function is_tensor_like is_view_replay_enabled
        kineto_available
    """,
    "torch.cuda": "classproperty cudart",
}


def has_doc(value):
    """Whether it has a docstring of its own (a number's is that of its type)."""
    return callable(value) and isinstance(value.__doc__, str) and bool(value.__doc__.strip())


def public(path):
    """The names of one section, sorted."""
    owner = pydoc.locate(path)
    listed = getattr(owner, "__all__", None) if path != "torch" else None
    known, insides = KNOWN.get(path, "").split(), INSIDES.get(path, "").split()
    names = []
    for name in dir(owner):
        value = getattr(owner, name, None)
        if (
            name.startswith("_")
            or name in insides
            or inspect.ismodule(value)
            or (listed and name not in listed)
        ):
            continue
        documented = has_doc(value) or (
            path == "torch"
            and (has_doc(getattr(torch.Tensor, name, 0)) or has_doc(getattr(functional, name, 0)))
        )
        if inspect.isclass(owner) and not callable(value):
            documented = bool((value.__doc__ or "").strip())  # a property
        ours = inspect.isclass(owner) or (
            callable(value)
            and (getattr(value, "__module__", None) or "torch").split(".")[0] in ("torch", "builtins")
        )
        if name in known or isinstance(value, (torch.dtype, float)) or (documented and ours):
            names.append(name)
    return sorted(names)


def main():
    lines = [
        f"# The public names of PyTorch {torch.__version__.split('+')[0]}, written by docs/torch_names.py"
    ]
    for path in SECTIONS:
        lines += ["", f"[{path}]", *public(path)]
    Path(__file__).with_suffix(".txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
