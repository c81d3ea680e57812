"""Names that packages import: each does what it says, or says why not when it is used."""

import pytest

from tests.as_torch.programs import lines

REFUSED = """
    torch.fx.symbolic_trace(net)
    torch.fx.Tracer()
    torch.fx.GraphModule(net, None)
    torch._custom_ops.get_ctx()
    torch._dynamo.explain(net)
    torch.ao.quantization.prepare(net)
    torch.quantize_per_tensor(x, 0.1, 0, torch.qint8)
    torch.nested.nested_tensor([x])
    torch.export.export(net, (x,))
    torch.package.PackageImporter("file")
    torch._C.ScriptModule()
    torch._subclasses.FakeTensorMode()
    torch.onnx.ExportOptions()
    torch.nn.attention.flex_attention.flex_attention(x, x, x)
    torch.utils.flop_counter.register_flop_formula(torch.ops.aten.mm)
    torch.ops.aten.convolution_backward(x)
    torch.distributed.TCPStore("localhost", 1)
    torch.distributed.rpc.init_rpc("worker")
    powerSGD_hook.PowerSGDState(None)
    powerSGD_hook.powerSGD_hook(None, None)
    post_localSGD_hook.post_localSGD_hook(None, None)
    torch.storage.UntypedStorage(x.array).resize_(1)
    torch.distributed.fsdp.fully_shard(net)
    torch.distributed.tensor._utils.compute_local_shape(x)
    torch.distributed.tensor.DTensor(x)
    torch.cuda.CUDAGraph()
    torch.cuda.make_graphed_callables(net)
    torch.utils.cpp_extension.load("name", [])
    torch._dynamo.whatever(x)
    torch.func.make_functional(net)
    torch.utils.data._utils.worker.ManagerWatchdog()
""".strip().splitlines()


def test_refusals():
    calls = [call.strip() for call in REFUSED]
    found = lines(f"""
        import torch
        import torch._subclasses, torch.utils.flop_counter, torch.nn.attention.flex_attention
        import torch.distributed.rpc, torch.distributed.tensor._utils, torch.utils.cpp_extension
        from torch.distributed.algorithms.ddp_comm_hooks import post_localSGD_hook, powerSGD_hook
        net, x = torch.nn.Linear(2, 2), torch.ones(2)
        for call in {calls!r}:
            try:
                eval(call)
            except NotImplementedError as error:
                print(len(str(error)) > 20)
            else:
                print(call, "passes")
    """)
    assert found == ["True"] * len(calls)


VALUES = {
    "torch._shape_as_tensor(x).tolist()": "[2, 3]",
    "torch.utils.data.dataloader.default_collate is torch.utils.data.default_collate": "True",
    "torch.utils.data._utils.worker.WorkerInfo is type(torch.utils.data.get_worker_info())": "False",
    "torch.fx.wrap(len) is len": "True",
    "torch._C._get_tracing_state(), torch.jit.is_tracing()": "(None, False)",
    "isinstance(x, torch._C.TensorType), isinstance(x, torch._C._TensorBase)": "(False, True)",
    "torch._C.DispatchKeySet(torch._C.DispatchKey.CPU).has(torch._C.DispatchKey.CUDA)": "False",
    "torch.jit.annotations.BroadcastingList2[int]": "None",
    "torch.hub.HASH_REGEX.search('resnet18-f37072fd.pth').group(1)": "'f37072fd'",
    "torch.types.Device is not None, torch.types._dtype is torch.dtype": "(True, True)",
    "torch.nn.modules.module._IncompatibleKeys([], [])": "<All keys matched successfully>",
    "torch.nn.parameter.is_lazy(torch.nn.LazyLinear(3).weight)": "True",
    "torch.utils.dlpack.from_dlpack(x).data_ptr() == x.data_ptr()": "True",
    "x.untyped_storage().nbytes(), x[1:].untyped_storage() == x.untyped_storage()": "(24, True)",
    "x.storage().tolist()[:2]": "[1.0, 1.0]",
    "x.untyped_storage().data_ptr() == x.data_ptr() == x[1:].untyped_storage().data_ptr()": "True",
    "torch.overrides.has_torch_function((x, [x]))": "False",
    "torch.overrides.handle_torch_function(len, (x, Other()), 1)": "('len', 1)",
    "torch.distributions.utils.broadcast_all(x, 1.0)[1].shape": "torch.Size([2, 3])",
    "torch.backends.cpu.get_cpu_capability()": "'DEFAULT'",
    "torch._foreach_add([x, x], 1)[1][0, 0].item()": "2.0",
    "torch.cond(x.sum() > 5, lambda a: a + 1, lambda a: a, (x,))[0, 0].item()": "2.0",
    "torch.while_loop(lambda i: i < 3, lambda i: (i + 1,), (torch.tensor(0),))[0].item()": "3",
    "torch.complex32": "torch.complex32",
    "torch.xpu.is_available(), torch.mps.is_available(), torch.cpu.is_available()": "(False, False, True)",
    "torch.torch is torch": "True",
    "torch.Tensor._make_subclass(torch.nn.Parameter, x, True).requires_grad": "True",
    "torch._C._functorch.maybe_get_bdim(x)": "-1",
    "torch.nn.quantized.FloatFunctional().add(x, x)[0, 0].item()": "2.0",
    "torch.ao.quantization.QuantStub()(x) is x": "True",
    "torch.distributed.Backend('NCCL'), torch.distributed.HashStore().add('a', 1)": "('nccl', 1)",
    "torch.distributed.distributed_c10d.split_group is torch.distributed.split_group": "True",
    "hooks.noop_hook.__name__": "'noop_hook'",
    "[isinstance(y, torch.return_types.max) for y in (x.max(0), x.sort())]": "[True, False]",
    "len([getattr(torch.return_types, n) for n in torch.return_types._RESULTS])": "33",
    "torch.cuda.nvtx.range_push('a'), torch.cuda.nvtx.range_pop()": "(0, 0)",
    "torch.nn.attention.bias.causal_lower_right(2, 3).tolist()": "[[True, True, False], [True, True, True]]",
    "torch.nn.attention.bias.causal_upper_left(1, 2).variant.name": "'UPPER_LEFT'",
    "torch._tensor_str._tensor_str(x, 0)": "'[[1., 1., 1.],\\n [1., 1., 1.]]'",
    "[p.shape[0] for p in torch.nn.parallel.scatter_gather.scatter(x, ['cpu', 'cpu'])]": "[1, 1]",
    "torch.nn.parallel.scatter_gather.gather([x, x], 'cpu').shape": "torch.Size([4, 3])",
    "torch.is_same_size(x, x), torch.get_deterministic_debug_mode()": "(True, 0)",
    "torch.jit.wait(torch.jit.fork(lambda: 4))": "4",
    "torch.distributed.rpc.is_available()": "False",
    "type(x).__module__": "'torch'",
    "'positive' in torch.distributions.constraints.__all__": "True",
    "[torch.finfo(torch.float8_e4m3fn).max, torch.finfo(torch.float8_e5m2).tiny]": "[448.0, 6.103515625e-05]",
    "torch.float8_e5m2.is_floating_point, torch.finfo().bits": "(True, 32)",
    "str(torch.device('meta')), torch.empty(2, device='meta').device.type": "('meta', 'cpu')",
    "torch.quasirandom.SobolEngine(2).draw(3).tolist()": "[[0.0, 0.0], [0.5, 0.5], [0.75, 0.25]]",
    "torch.compiler.list_backends(), torch.compiler.assume_constant_result(len) is len": "([], True)",
    "torch.distributed.tensor.Shard(1).dim, torch._dynamo.eval_frame.OptimizedModule.__name__": (
        "(1, 'OptimizedModule')"
    ),
    "isinstance(x, torch.distributed.tensor.DTensor), torch.utils.cpp_extension.CUDA_HOME": "(False, None)",
    "torch.cuda.memory_stats()['reserved_bytes.all.current'], torch.cuda.is_current_stream_capturing()": (
        "(0, False)"
    ),
    "torch.backends.cuda.math_sdp_enabled(), torch.backends.cudnn.is_acceptable(x)": "(True, False)",
    "torch._C._nn._parse_to('cpu', torch.float64)[1], torch._C._nn._parse_to(x)[0]": (
        "(torch.float64, device(type='cpu'))"
    ),
    "torch._utils._get_device_index('cpu', allow_cpu=True), torch.profiler.kineto_available()": "(-1, False)",
    "torch.utils.data._utils.worker._generate_state(123456789012345, 3)[0]": "3999280408",
    "torch.utils.data._utils.collate.collate([{'a': 1}, {'a': 2}])['a'].tolist()": "[1, 2]",
    "torch.distributions.multivariate_normal._batch_mv(torch.eye(2), torch.ones(2)).tolist()": "[1.0, 1.0]",
    "torch.nn.modules.module._addindent('a\\nb', 2)": "'a\\n  b'",
    "functorch.vmap is torch.func.vmap, functorch.__name__": "(True, 'mytorch.func')",
}


def test_values():
    found = lines(
        f"""
        import torch
        import torch.return_types, torch.cuda.nvtx, torch.nn.attention.bias, torch.nn.parallel.scatter_gather
        import torch._tensor_str, torch.distributed.rpc, torch.distributions.constraints
        import torch.nn.parameter, torch.jit.annotations, torch._C._functorch, torch.ao.quantization
        import torch.distributed.distributed_c10d, torch.distributed.tensor, torch.utils.cpp_extension
        import torch.quasirandom, torch.utils.data._utils.worker, torch._utils, functorch
        import torch.distributions.multivariate_normal, torch._dynamo.eval_frame
        from torch.distributed.algorithms.ddp_comm_hooks import debugging_hooks as hooks
        x = torch.ones(2, 3)
        class Other:
            @classmethod
            def __torch_function__(cls, function, types, args, kwargs):
                return function.__name__, *args
        for expression in {list(VALUES)!r}:
            print(eval(expression))
    """.replace("print(eval", "print(repr(eval").replace("(expression))", "(expression)))")
    )
    assert dict(zip(VALUES, found)) == VALUES


def test_values_that_come_later():
    assert lines("""
        from torch.futures import Future, collect_all, wait_all
        first, second = Future(), Future()
        more = first.then(lambda future: future.value() + 1)
        both = collect_all([more, second])
        print(first.done(), both.done())
        try:
            first.value()
        except RuntimeError as error:
            print("not yet" if "wait()" in str(error) else error)
        first.set_result(2), second.set_result(5)
        print(both.wait() == [more, second], wait_all([first, more, second]))
        try:
            first.set_result(3)
        except RuntimeError as error:
            print("once" if "once" in str(error) else error)
        failing = second.then(lambda future: 1 / 0)
        try:
            failing.wait()
        except ZeroDivisionError:
            print("raised")
    """) == ["False False", "not yet", "True [2, 3, 5]", "once", "raised"]


def test_tensors_as_keys_that_nobody_keeps_alive():
    assert lines("""
        import torch
        from torch.utils.weak import TensorWeakRef, WeakTensorKeyDictionary
        x, y = torch.ones(2), torch.ones(2)
        table, ref = WeakTensorKeyDictionary({x: 1}), TensorWeakRef(x)
        table[y] = 2
        print(table[x], table[y], y in table, ref() is x, len(list(table)))
        del x
        print(len(table), ref())
    """) == ["1 2 True True 2", "1 None"]


def test_filters_of_torchaudio():
    """What torchaudio's own compiled library would be asked."""
    assert lines("""
        import torch
        torch.ops.load_library("/site-packages/torchaudio/lib/_torchaudio.abi3.so")
        print(torch.ops._torchaudio.cuda_version(), torch.ops._torchaudio.is_align_available())
        try:
            torch.ops.torchaudio.forced_align(1)
        except NotImplementedError as error:
            print(error)
    """) == ["None False", "torchaudio::forced_align is written for PyTorch in C++, and not here"]


@pytest.mark.parametrize("call", ["_assert(x.sum() > 9, 'small')", "_check(False, lambda: 'small')"])
def test_assertions(call):
    kind = "AssertionError" if "assert" in call else "RuntimeError"
    assert lines(f"""
        import torch
        x = torch.ones(2)
        torch._assert(True, ""), torch._check(True)
        try:
            torch.{call}
        except Exception as error:
            print(type(error).__name__, error)
    """) == [f"{kind} small"]


def test_operations_of_a_package():
    assert lines("""
        import torch

        @torch.library.custom_op("mine::cube", mutates_args=())
        def cube(x: torch.Tensor) -> torch.Tensor:
            return x ** 3

        cube.register_fake(lambda x: x)
        cube.register_autograd(
            lambda ctx, g: g * 3 * ctx.saved_tensors[0] ** 2,
            setup_context=lambda ctx, inputs, output: ctx.save_for_backward(inputs[0]),
        )
        x = torch.tensor([2.0], requires_grad=True)
        torch.ops.mine.cube(x).sum().backward()
        print(x.grad.tolist(), cube(x).tolist(), torch.ops.mine.cube.default(x=x).tolist())
        library = torch.library.Library("mine", "FRAGMENT")
        library.define("half(Tensor x) -> Tensor")
        try:
            torch.ops.mine.half(x)
        except NotImplementedError as error:
            print(error)
        library.impl("half", lambda x: x / 2, "CPU")
        print(torch.ops.mine.half(x).tolist(), hasattr(torch.ops.mine, "third"))
        try:
            torch.ops.load_library("/some/where/_C.so")
        except OSError as error:
            print("OSError")
    """) == [
        "[12.0] [8.0] [8.0]",
        "mine::half is written for PyTorch in C++, and not here",
        "[1.0] False",
        "OSError",
    ]


def test_operations_of_torch_by_their_names():
    assert lines("""
        import torch
        from torch.utils.flop_counter import FlopCounterMode
        x = torch.ones(2, 3)
        print(torch.ops.aten.mm(x, x.T).tolist(), torch.ops.aten.mm.default)
        print(torch.ops.aten.add == torch.ops.aten.mul)
        with FlopCounterMode(display=False) as counter:
            x @ x.T
        print(counter.get_flop_counts()["Global"][torch.ops.aten.mm])
    """) == ["[[3.0, 3.0], [3.0, 3.0]] aten.mm", "False", "24"]


def test_boxes():
    """What torchvision's own compiled library would do."""
    assert lines("""
        import torch
        torch.ops.load_library("/site-packages/torchvision/_C.so")
        boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30], [0, 0, 4, 4]])
        print(torch.ops.torchvision.nms(boxes, torch.tensor([0.5, 0.9, 0.1, 0.7]), 0.5).tolist())
        print(torch.ops.torchvision._cuda_version())
        try:
            torch.ops.torchvision.deform_conv2d(boxes)
        except NotImplementedError as error:
            print(error)
    """) == ["[1, 3, 2]", "-1", "torchvision::deform_conv2d is written for PyTorch in C++, and not here"]


def test_optimizers_from_elsewhere():
    assert lines("""
        import torch
        from torch.optim.optimizer import Optimizer, ParamsT, _use_grad_for_differentiable, _get_value

        class Plain(Optimizer):
            def __init__(self, params, lr):
                super().__init__(params, {"lr": lr, "differentiable": False})

            @_use_grad_for_differentiable
            def step(self, closure=None):
                for group in self.param_groups:
                    tensors, (gradients, _) = [group["params"]], ([p.grad for p in group["params"]], None)
                    grouped = self._group_tensors_by_device_and_dtype([group["params"], gradients])
                    for (device, dtype), ((params, grads), places) in grouped.items():
                        print(str(device), places, torch.is_grad_enabled())
                        torch._foreach_add_(params, grads, alpha=-group["lr"])

        p = torch.nn.Parameter(torch.ones(2))
        p.grad = torch.ones(2)
        Plain([p], 0.5).step()
        print(p.tolist(), _get_value(torch.tensor(3)))
    """) == ["cpu [0] False", "[0.5, 0.5] 3"]


def test_steps_of_optimizers_as_functions():
    """Each does what the optimizer does, and keeps what it keeps."""
    assert lines("""
        import importlib
        import torch
        from torch.optim import _functional
        options = {
            "adam": {"lr": 0.1, "amsgrad": True, "beta1": 0.8, "beta2": 0.9, "weight_decay": 0.1},
            "rmsprop": {"lr": 0.1, "momentum": 0.9, "centered": True, "foreach": False},
            "rprop": {"etaminus": 0.4, "etaplus": 1.3, "step_size_min": 1e-6, "step_size_max": 5.0},
            "sgd": {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True, "has_sparse_grad": False},
        }
        names = [name for name in dir(torch.optim) if name[0].isupper()]
        optimizers = {name.lower(): getattr(torch.optim, name) for name in names}
        for name in _functional.__all__:
            function = getattr(importlib.import_module(f"torch.optim.{name}"), name)
            given, taken = options.get(name, {"lr": 0.1}), {}
            for pair, names in _functional._PAIRS.items():
                if names[0] in given:
                    taken[pair] = tuple(given[n] for n in names)
            known = {n: v for n, v in given.items() if n not in sum(_functional._PAIRS.values(), ())}
            known = {n: v for n, v in known.items() if n != "has_sparse_grad"} | taken
            p, q = torch.nn.Parameter(torch.arange(3.0)), torch.arange(3.0)
            optimizer = optimizers[name]([p], **known)
            kept, lists = optimizer.__kept__(optimizer.param_groups[0]), {}
            for key, slot in _functional._KEPT.items():
                if slot in kept:
                    shape = () if slot in optimizer.__scalars__ else (3,)
                    lists[key] = [None if name == "sgd" else torch.full(shape, float(kept[slot]))]
            for step in range(3):
                p.grad = torch.cos(p.detach() * step)
                function([q], [torch.cos(q * step)], **lists, **given)
                optimizer.step()
            same = [torch.allclose(q, p.detach(), atol=1e-6)]
            for key, (value,) in lists.items():
                same.append(torch.allclose(value, optimizer.state[p][_functional._KEPT[key]], atol=1e-6))
            print(all(same), len(same) > 1)
        try:
            _functional.sgd([q], [q], [None], lr=0.1, grad_scale=torch.ones(1))
        except NotImplementedError as error:
            print("GradScaler" in str(error))
    """) == ["True True"] * 11 + ["True"]


def test_layers_with_what_their_backward_needs():
    assert lines("""
        import torch
        x = torch.arange(24.0).reshape(2, 4, 3).cos()
        y, mean, rstd = torch.native_layer_norm(x, [3], None, None, 1e-5)
        print(torch.allclose(y, (x - mean) * rstd, atol=1e-6), mean.shape)
        y, mean, rstd = torch.native_group_norm(x, None, None, 2, 4, 3, 2, 1e-5)
        whole = (x.reshape(2, 2, 6) - mean[..., None]) * rstd[..., None]
        print(torch.allclose(y, whole.reshape(x.shape), atol=1e-6), mean.shape)
        y, mean, rstd = torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)
        print(torch.allclose(y, (x - mean[:, None]) * rstd[:, None], atol=1e-6), mean.shape)
        y, mean, rstd = torch.native_batch_norm(x, None, None, mean, mean + 1, False, 0.1, 1e-5)
        print(mean.shape, rstd.shape)
        y, kept = torch.native_dropout(x, 0.5, True)
        g = torch.ops.aten.native_dropout_backward(x, kept, 2.0)
        print(torch.equal(y, g), kept.dtype, torch.native_dropout(x, 0.5, False)[1].all().item())
        print(torch.equal(torch.feature_dropout(x, 0.5, False), x), torch.native_channel_shuffle(x, 2).shape)
        print(torch.equal(x.to_sparse().to_dense(), x))
    """) == [
        "True torch.Size([2, 4, 1])",
        "True torch.Size([2, 2])",
        "True torch.Size([4])",
        "torch.Size([0]) torch.Size([0])",
        "True torch.bool True",
        "True torch.Size([2, 4, 3])",
        "True",
    ]


def test_names_by_star():
    assert lines("""
        from torch import *
        from torch.nn import *
        from torch.distributions.constraints import *
        print(relu(tensor([-1.0])).item(), "nn" in globals(), float32, isinstance(functional, type(init)))
        print(Linear(2, 3).weight.shape, positive, "finfo" in globals())
    """) == ["0.0 False torch.float32 True", "torch.Size([3, 2]) GreaterThan(lower_bound=0.0) True"]


def test_texts_that_programs_compare():
    assert lines("""
        import torch
        x = torch.zeros(2, 3, dtype=torch.float64)
        print(torch.float32, x.shape, torch.ones(1).type(), str(x.dtype) == "torch.float64")
        print(x[0])
    """) == [
        "torch.float32 torch.Size([2, 3]) torch.FloatTensor True",
        "tensor([0., 0., 0.], dtype=torch.float64)",
    ]


ELSEWHERE = """
    amp.autocast_mode.custom_fwd ao.quantization.FakeQuantizeBase cuda.amp.autocast_mode.custom_bwd
    cuda.amp.grad_scaler.GradScaler cuda.memory.max_memory_allocated cuda.random.manual_seed_all
    nn.modules.adaptive.AdaptiveLogSoftmaxWithLoss nn.parallel.data_parallel.DataParallel optim.adamw.AdamW
    signal.windows.windows.hann utils.checkpoint.get_device_states utils.checkpoint.set_device_states
    utils.tensorboard.writer.SummaryWriter
"""


def test_names_in_the_modules_where_torch_has_them():
    assert lines(f"""
        import importlib
        for path in {ELSEWHERE.split()}:
            module, _, name = path.rpartition(".")
            if not hasattr(importlib.import_module(f"torch.{{module}}"), name):
                print(path)
        from torch.utils.checkpoint import get_device_states, set_device_states
        import torch
        print(*get_device_states(torch.ones(2)), set_device_states(*get_device_states(torch.ones(2))))
    """) == ["[] [] None"]


def test_what_is_scripted_says_that_it_cannot_be_saved():
    assert lines("""
        import torch
        net = torch.jit.script(torch.nn.Linear(2, 2))
        try:
            net.save("file")
        except NotImplementedError as error:
            print(error)
        print(list(net.state_dict()))
    """) == [
        "there is no TorchScript here: save the state_dict with torch.save, and load it into the same class",
        "['weight', 'bias']",
    ]


def test_a_class_that_wants_no_torch_function():
    assert lines("""
        import torch

        class Index(torch.Tensor):
            __torch_function__ = torch._C._disabled_torch_function_impl

        x = torch.ones(2).as_subclass(Index)
        print(Index.__torch_function__(torch.add, (Index,), (torch.ones(1), 2)).item())
        print(x.__torch_function__(torch.sum, (Index,), (torch.ones(2),)).item())
    """) == ["3.0", "2.0"]


def test_a_decorator_that_is_a_context_manager():
    assert lines("""
        import torch
        from torch.utils._contextlib import _DecoratorContextManager, _NoParamDecoratorContextManager

        class Loud(_DecoratorContextManager):
            def __enter__(self):
                print("in")

            def __exit__(self, *exc_info):
                print("out")

        class Plain(_NoParamDecoratorContextManager, Loud):
            pass

        with Loud():
            print("with")
        print(Loud()(lambda: 1)(), Plain(lambda: 2)())
    """) == ["in", "with", "out", "in", "out", "in", "out", "1 2"]
