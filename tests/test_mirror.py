"""Whoever looks for the tests of ``mytorch/x/y.py`` finds them in ``tests/x/test_y.py``, or here by name."""

import pathlib

TESTS = pathlib.Path(__file__).parent
SOURCE = TESTS.parent / "mytorch"

# Tests of no one module: tables of all operations or layers, and properties of the whole.
ACROSS = {
    "autograd/test_hooks": "hooks on tensors: their order, what they may return, retained gradients",
    "autograd/test_inplace": "in-place changes under autograd: versions, views, what is refused",
    "autograd/test_memory": "a graph that is dropped is freed without the cycle collector",
    "autograd/test_random_programs": "random programs of views, in-place changes and several outputs",
    "distributed/test_equality": "a table: several ranks train as one does",
    "distributed/test_training": "an example on several ranks: interrupted, and resumed with another number",
    "distributions/test_more_distributions": "a table of the distributions that came later",
    "docs/test_browser": "all built pages in a browser: wide, narrow, light, dark",
    "docs/test_site": "the text and the links of the built pages",
    "docs/test_chinese": "the Chinese pages have the code of the English ones",
    "docs/test_pages": "the Python on the pages of the documentation runs",
    "docs/test_recipes": "the recipes of the documentation, followed word for word",
    "docs/test_reference": "the pages of the reference list every public name",
    "docs/test_tables": "the tables of the documentation",
    "examples/test_claims": "what the examples say that they show",
    "examples/test_explain_backward": "the example that explains a backward pass",
    "examples/test_full_runs": "the examples at full length",
    "examples/test_one_page": "mytorch on one page, against mytorch",
    "examples/test_options": "the options of the examples",
    "examples/test_runs": "every example runs and draws what it promises",
    "examples/test_torchvision": "the MNIST examples with torchvision's datasets",
    "nn/test_refusals": "what linear layers, activations, dropout and initial values refuse",
    "nn/test_spatial_layers": "a table of convolution, pooling, padding, normalisation and resizing layers",
    "ops/test_accuracy": "smooth functions and their derivatives to the last digits",
    "ops/test_against_torch_pointwise": "a table of functions of one and of two numbers",
    "ops/test_against_torch_reductions": "a table of reductions, scans and order statistics",
    "ops/test_infinite_gradients": "gradients that are infinite reach no other element",
    "ops/test_older_names": "torch's older functions and keywords",
    "ops/test_on_every_shape": "a table of shapes, joins, order, gathering and scattering",
    "ops/test_ownership": "which results share memory",
    "ops/test_pointwise_properties": "what holds for all shapes, dtypes and values, by hypothesis",
    "ops/test_rare_inputs": "dtypes, sizes and layouts that few programs use",
    "ops/test_refusals": "arguments at the edge of what is taken",
    "tensors/test_resize": "tensors that take another size in place",
    "test_dispatch": "making, drawing, printing and saving on a device that takes no NumPy array",
    "test_docstrings": "every public name has a docstring",
    "test_floors": "a file imports from floors below its own",
    "test_gradients": "every row of the samples: values, gradients of both orders, layouts, dtypes",
    "test_half_precision": "16-bit numbers lose no more than their rounding",
    "autograd/test_half_definitions": "16-bit gradients are the same where they are recorded",
    "func/test_shared_writes": "vmap loses no write to an array that all entries share",
    "func/test_second_order": "second derivatives by all pairs of transforms",
    "test_import": "importing mytorch: in silence, quickly",
    "test_messages": "what errors call functions, parameters and tensors, and what nodes are called",
    "test_mirror": "this",
    "test_names": "the names of the public namespaces",
    "test_on_device": "layers, losses, optimizers and training on a device",
    "test_referee": "the referee of the tests",
    "test_scripts_names": "what scripts import or call beside the mathematics",
    "test_reading_route": "the way of one training step through the code stays short",
    "test_thin_modules": "modules that only carry names are marked, and short",
    "test_stubs": "the stubs say what the package has",
    "utils/visualize/test_explain_browser": "the page of `explain` in a browser",
}

# Modules that are tested under another's name, by the file that does so.
ELSEWHERE = {
    "as_torch/test_finder": "as_torch/face",
    "as_torch/test_names": "as_torch/refused as_torch/torchaudio_ops as_torch/torchvision_ops",
    "as_torch/test_run": "__main__",
    "autograd/test_gradcheck": "gradcheck autograd/real_numbers",
    "core/test_arrays": """
        accelerator backends/cuda backends/cudnn backends/mkl backends/mkldnn backends/mps backends/openmp""",
    "core/test_backward": "core/walk core/plan core/errors core/higher_order",
    "core/test_grad_mode": "autograd/grad_mode",
    "core/test_anomaly_mode": "autograd/anomaly_mode",
    "core/test_scalar_arguments": "core/signature",
    "distributed/test_collectives": """
        distributed/arguments distributed/barriers distributed/mpi distributed/reduce_op
        distributed/transport""",
    "distributed/test_data_parallel": """
        distributed/algorithms/ddp_comm_hooks/debugging_hooks distributed/buckets
        distributed/algorithms/ddp_comm_hooks/default_hooks distributed/algorithms/join""",
    "distributed/test_process_group": """
        tensors/process_group distributed/backends distributed/device_mesh
        distributed/elastic/multiprocessing/errors""",
    "distributed/nn/test_functional": "nn/sync_batch_norm",
    "distributions/test_distributions": """
        distributions/continuous distributions/discrete distributions/distribution
        distributions/independent distributions/mixture distributions/transformed
        distributions/halves""",
    "distributions/test_more_distributions": """
        distributions/continuous_bernoulli distributions/counts distributions/gammas
        distributions/heavy_tails distributions/one_hot""",
    "distributions/test_transforms": """
        distributions/composed_transforms distributions/number_transforms distributions/transform
        distributions/vector_transforms""",
    "autograd/test_function": "autograd/variable autograd/function_node",
    "autograd/test_hooks": "utils/hooks tensors/removable_handle",
    "func/test_array_rules": "func/array_products func/array_methods func/batched_array func/entrywise",
    "func/test_vmap": "func/batched_random func/levels",
    "kernels/test_compiled": "ops/gates",
    "kernels/test_compiled_convolution": "kernels/compiled_tile",
    "kernels/test_numba_loops": "backends/show_config",
    "nn/test_dropout": "nn/random_activation",
    "nn/test_fractional": "ops/spatial/fractional",
    "nn/test_loss": "nn/margin_loss",
    "nn/test_linear": "ops/layers/linear",
    "nn/test_module": "nn/parameter nn/state nn/moving nn/registration",
    "nn/test_recurrent": "ops/layers/recurrent kernels/rnn_sequence nn/recurrent_cells",
    "nn/test_spatial_layers": "nn/conv nn/padding nn/pooling nn/upsampling",
    "nn/utils/test_weight_norm": "nn/utils/parametrizations",
    "ops/losses/test_distance": "nn/distance",
    "ops/losses/test_pointwise": "ops/losses/loss_reduction",
    "ops/spectral/test_shift": "tensors/frequency_creation",
    "ops/spectral/test_transforms": "fft ops/spectral/fourier",
    "ops/special/test_special": """
        special ops/special/incomplete_gamma ops/special/normal ops/special/scipy_module""",
    "ops/spatial/test_conv": "ops/spatial/arguments ops/spatial/convolution",
    "ops/spatial/test_interpolate": "ops/spatial/resample",
    "ops/spatial/test_pooling": """
        ops/spatial/window_pool ops/spatial/adaptive_pooling ops/spatial/unpooling""",
    "ops/test_against_torch_pointwise": """
        ops/activation ops/arithmetic ops/bounds ops/comparison ops/elementwise tensors/operators
        ops/binary ops/power ops/rounding ops/transcendental""",
    "ops/test_against_torch_reductions": """
        ops/reduce ops/statistics/quantiles ops/statistics/variance ops/vector_norm""",
    "ops/test_on_every_shape": """
        ops/masks ops/strided ops/meshgrid ops/permute ops/shape_arguments ops/split""",
    "optim/test_lr_scheduler": """
        optim/lr_scheduler/base optim/lr_scheduler/compose optim/lr_scheduler/cosine
        optim/lr_scheduler/cyclic optim/lr_scheduler/decay optim/lr_scheduler/plateau""",
    "optim/test_lbfgs": "optim/line_search",
    "optim/test_optimizer": """
        optim/adadelta optim/adagrad optim/adamax optim/asgd optim/averages optim/blocks optim/nadam
        optim/radam optim/rmsprop optim/rprop optim/sgd optim/arguments optim/parameter_groups
        optim/saving optim/step_hooks""",
    "optim/test_per_tensor": "optim/adafactor optim/muon",
    "profiler/test_profiler": "profiler/__main__ autograd/profiler",
    "serialization/test_serialization": "serialization/checkpoint serialization/array_table",
    "tensors/test_creation": """
        tensors/new_like tensors/legacy_types tensors/range_creation tensors/type_queries""",
    "tensors/test_generator": "random",
    "tensors/test_storage": """
        tensors/tensor tensors/torch_flags ops/cast tensors/casting""",
    "amp/test_autocast": "amp/custom_function amp/policies ops/interpose",
    "amp/test_grad_scaler": "cuda/amp",
    "test_documentation": "documentation/signatures documentation/text",
    "test_messages": "ops/nodes",
    "test_hub": "serialization/download utils/model_zoo",
    "test_jit": "onnx",
    "test_names": "backend autograd/engine nn/functional version tensors/public_names",
    "test_overrides": "tensors/torch_function tensors/dispatching",
    "test_scripts_names": "nn/native nn/native_losses functional types utils/dlpack",
    "utils/test__pytree": "utils/_pytree_nodes",
    "masked/test_masked": "masked/reductions",
    "signal/test_windows": "tensors/signal_windows",
    "tensors/test_view_copies": "tensors/permuted_creation ops/static_shapes",
    "linalg/test_older": "ops/linalg/ldl",
    "utils/data/test_dataloader": """
        utils/data/fetch utils/data/epoch utils/data/loader_arguments utils/data/worker_epoch""",
    "utils/visualize/test_explain": "utils/visualize/graph",
    "utils/visualize/test_summary": "utils/visualize/mult_adds",
    "core/test_sums": "kernels/scatter",
    "nn/test_attention": "nn/attention_arguments",
    "nn/test_container": "nn/parameter_containers",
    "ops/test_inplace": "ops/assignment tensors/apply",
    "ops/test_matmul": "ops/addmm ops/cross ops/cdist ops/matrix_chain",
    "core/test_dtypes": "ops/dtype_info ops/promotion",
    "ops/test_composite": "ops/argument_errors",
    "ops/test_scatter": "ops/index_put",
    "ops/linalg/test_matrix": "ops/linalg/matrix_norm",
    "ops/losses/test_cross_entropy": "ops/losses/class_targets",
    "ops/losses/test_linear_cross_entropy": "nn/linear_cross_entropy",
}

FILES = {path.relative_to(TESTS).with_suffix("").as_posix() for path in TESTS.rglob("test_*.py")}
# Packages are tested under their names; their __init__.py only gathers names. Samples are rows of tables.
MODULES = {
    path.relative_to(SOURCE).with_suffix("").as_posix()
    for path in SOURCE.rglob("*.py")
    if path.name != "__init__.py" and not {"samples", "names", "path"} & {*path.relative_to(SOURCE).parts}
}
NAMED_ELSEWHERE = [module for modules in ELSEWHERE.values() for module in modules.split()]


def has_module(file):
    """A module of the test file's name, a package, or the package in whose folder it is."""
    folder, _, name = file.rpartition("/")
    name = name.removeprefix("test_")
    module = SOURCE / folder / name
    return module.with_suffix(".py").is_file() or module.is_dir() or pathlib.Path(folder).name == name


def has_test_file(module):
    folder, slash, name = module.rpartition("/")
    return f"{folder}{slash}test_{name}" in FILES


def test_a_test_file_has_the_name_of_a_module():
    assert {file for file in FILES if not has_module(file)} == set(ACROSS)


def test_a_module_has_a_test_file_of_its_name():
    assert sorted(module for module in MODULES if not has_test_file(module)) == sorted(NAMED_ELSEWHERE)


def test_modules_without_one_are_tested_in_files_that_exist():
    assert set(ELSEWHERE) <= FILES
