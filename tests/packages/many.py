"""Programs with one package each."""

import sys
import types

import numpy as np
import pytest

from .running import fill, learned, numbers, plain, torchvision


def einops():
    from einops import einsum, pack, rearrange, reduce, repeat, unpack
    from einops.layers.torch import EinMix, Rearrange, Reduce
    from torch import nn

    x = numbers(2, 3, 4, 6).requires_grad_()
    y = rearrange(x, "b c (h p) (w q) -> b (h w) (p q c)", p=2, q=3)
    z = reduce(x, "b c h w -> b h", "max") + repeat(x[:, 0, 0, :4], "b w -> b w")
    packed, shapes = pack([y, y[:, 0]], "b * d")
    parts = unpack(packed * 2, shapes, "b * d")
    product = einsum(y, y, "b i d, b j d -> b i j")
    (z.sum() + product.tanh().sum() + parts[1].square().sum()).backward()
    net = nn.Sequential(
        Rearrange("b c h w -> b h w c"),
        EinMix("b h w c -> b w h d", weight_shape="c d", bias_shape="d", c=3, d=5),
        Reduce("b w h d -> b d", "mean"),
    )
    return [y, z, product, parts, x.grad, learned(net, numbers(2, 3, 4, 6))]


def torchmetrics():
    import torch
    from torchmetrics import MeanSquaredError, MetricCollection
    from torchmetrics.classification import (
        MulticlassAccuracy,
        MulticlassAUROC,
        MulticlassConfusionMatrix,
        MulticlassF1Score,
    )
    from torchmetrics.functional import pairwise_cosine_similarity, pearson_corrcoef, r2_score
    from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure
    from torchmetrics.regression import SpearmanCorrCoef

    metrics = MetricCollection(
        [MulticlassAccuracy(5), MulticlassF1Score(5), MulticlassAUROC(5), MulticlassConfusionMatrix(5)]
    )
    for seed in range(3):
        scores = numbers(20, 5, seed=seed).softmax(-1)
        metrics.update(scores, torch.arange(20) * (seed + 3) % 5)
    images = numbers(2, 3, 32, 32).sigmoid(), numbers(2, 3, 32, 32, seed=1).sigmoid()
    squared = MeanSquaredError()
    a, b = numbers(30), numbers(30, seed=1)
    return {
        **metrics.compute(),
        "mse": [squared(a, b), squared(b, 2 * a), squared.compute()],
        "psnr": PeakSignalNoiseRatio(data_range=1.0)(*images),
        "ssim": StructuralSimilarityIndexMeasure(data_range=1.0)(*images),
        "others": [pairwise_cosine_similarity(numbers(3, 4)), pearson_corrcoef(a, b), r2_score(a, b)],
        "spearman": SpearmanCorrCoef()(a, b),
    }


def torchdiffeq():
    import torch
    from torch import nn
    from torchdiffeq import odeint, odeint_adjoint

    net = fill(nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))).double()
    y0 = numbers(3, 2, dtype="float64").requires_grad_()
    t = torch.linspace(0, 1, 4, dtype=torch.float64)

    class Field(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, t, y):
            return self.net(y) * (1 + t)

    results = []
    for solve, method in ((odeint, "dopri5"), (odeint, "rk4"), (odeint, "euler"), (odeint_adjoint, "dopri5")):
        field = Field()
        y = solve(field, y0, t, method=method)
        y[-1].square().sum().backward()
        results.append([y, y0.grad, [p.grad for p in field.parameters()]])
        results = plain(results)
        y0.grad = None
        field.zero_grad()
    return results


def torchinfo():
    from torch import nn
    from torchinfo import summary

    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 9, 10)
    )
    found = summary(
        net, input_size=(2, 1, 8, 8), verbose=0, col_names=["output_size", "num_params", "mult_adds"]
    )
    return [
        found.total_params,
        found.trainable_params,
        found.total_mult_adds,
        found.total_output_bytes,
        str(found),
    ]


def torch_optimizer():
    import torch_optimizer as optimizers
    from torch import nn

    results = {}
    for name in OPTIMIZERS:
        net = fill(nn.Linear(3, 2))
        optimizer = getattr(optimizers, name)(net.parameters(), lr=0.05)
        for _ in range(4):
            optimizer.zero_grad()
            net(numbers(5, 3)).square().mean().backward(create_graph=name == "Adahessian")
            if name == "Shampoo":
                for p in net.parameters():
                    p.grad = p.grad.contiguous()
            optimizer.step()
        results[name] = [net.weight, net.bias]
    return results


OPTIMIZERS = """
    A2GradExp A2GradInc A2GradUni AccSGD AdaBelief AdaBound AdaMod Adafactor AdamP AggMo Apollo DiffGrad
    Lamb MADGRAD NovoGrad PID QHAdam QHM RAdam Ranger RangerQH RangerVA SGDP SGDW SWATS Yogi
""".split()


def x_transformers():
    import torch
    from x_transformers import (
        ContinuousTransformerWrapper,
        Decoder,
        Encoder,
        TransformerWrapper,
        XTransformer,
    )
    from x_transformers.autoregressive_wrapper import AutoregressiveWrapper

    tokens = torch.arange(24).reshape(2, 12) * 7 % 32
    decoder = TransformerWrapper(
        num_tokens=32,
        max_seq_len=16,
        attn_layers=Decoder(dim=16, depth=2, heads=2, attn_dim_head=8, rotary_pos_emb=True, ff_glu=True),
    )
    written = fill(AutoregressiveWrapper(decoder))
    results = [learned(written, tokens, filled=False)]
    written.eval()
    results.append(written.generate(tokens[:, :3], 6, temperature=0.0))
    encoder = TransformerWrapper(
        num_tokens=32,
        max_seq_len=16,
        attn_layers=Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, use_rmsnorm=True, alibi_pos_bias=True),
    )
    results.append(learned(encoder.eval(), tokens, mask=torch.arange(12) < torch.tensor([[12], [7]])))
    continuous = ContinuousTransformerWrapper(
        dim_in=4, dim_out=3, max_seq_len=16, attn_layers=Encoder(dim=16, depth=1, heads=2, attn_dim_head=8)
    )
    results.append(learned(continuous.eval(), numbers(2, 9, 4)))
    both = XTransformer(
        dim=16, enc_num_tokens=32, enc_depth=1, enc_heads=2, enc_max_seq_len=16, dec_num_tokens=32,
        dec_depth=1, dec_heads=2, dec_max_seq_len=16,
    )  # fmt: skip
    results.append(learned(both, tokens, tokens))
    return results


def vit_pytorch():
    from vit_pytorch import SimpleViT, ViT
    from vit_pytorch.cait import CaiT
    from vit_pytorch.cct import CCT
    from vit_pytorch.deepvit import DeepViT
    from vit_pytorch.max_vit import MaxViT
    from vit_pytorch.mobile_vit import MobileViT
    from vit_pytorch.pit import PiT
    from vit_pytorch.t2t import T2TViT

    image = numbers(2, 3, 32, 32)
    common = {"image_size": 32, "num_classes": 5, "dim": 16, "heads": 2, "mlp_dim": 32}
    nets = [
        ViT(**common, patch_size=8, depth=2),
        SimpleViT(**common, patch_size=8, depth=2),
        DeepViT(**common, patch_size=8, depth=2),
        CaiT(**common, patch_size=8, depth=1, cls_depth=1),
        CCT(img_size=32, embedding_dim=16, n_conv_layers=1, kernel_size=7, stride=2, padding=3,
            pooling_kernel_size=3, pooling_stride=2, pooling_padding=1, num_layers=1, num_heads=2,
            mlp_ratio=2.0, num_classes=5),
        PiT(**common, patch_size=8, depth=(1, 1)),
        T2TViT(**common, depth=1, t2t_layers=((7, 4), (3, 2))),
        MaxViT(num_classes=5, dim_conv_stem=8, dim=8, dim_head=4, depth=(1,), window_size=8),
        MobileViT(image_size=(32, 32), dims=[16, 16, 16], channels=[8] * 10 + [16], num_classes=5,
                  patch_size=(1, 1)),
    ]  # fmt: skip
    results = {type(net).__name__: learned(net.eval(), image.clone()) for net in nets}
    return results


def skorch():
    import torch
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skorch import NeuralNetClassifier, NeuralNetRegressor
    from skorch.callbacks import EpochScoring, LRScheduler
    from torch import nn

    class Net(nn.Module):
        def __init__(self, inputs=4, hidden=8, outputs=3):
            super().__init__()
            self.layers = fill(
                nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
            )

        def forward(self, x):
            return self.layers(x)

    x = plain(numbers(60, 4))
    y = (x.sum(1) > 0).astype("int64") + (x[:, 0] > 1)
    net = NeuralNetClassifier(
        Net,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=0.05,
        max_epochs=6,
        batch_size=20,
        iterator_train__shuffle=False,
        callbacks=[EpochScoring("accuracy", name="score"), LRScheduler("StepLR", step_size=2)],
        verbose=0,
    )
    net.fit(x, y)
    history = [[row["train_loss"], row["valid_loss"], row["score"]] for row in net.history]
    regressor = NeuralNetRegressor(Net, module__outputs=1, max_epochs=3, lr=0.01, train_split=None, verbose=0)
    pipe = make_pipeline(StandardScaler(), regressor).fit(x, x[:, :1])
    net.set_params(train_split=False)
    search = GridSearchCV(net, {"lr": [0.001, 0.05]}, cv=2, scoring="accuracy", refit=False).fit(x, y)
    return [np.array(history), net.predict_proba(x), pipe.predict(x), search.best_params_["lr"]]


def ignite():
    import torch
    from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
    from ignite.handlers import EarlyStopping, PiecewiseLinear
    from ignite.metrics import Accuracy, ConfusionMatrix, Loss, RunningAverage
    from torch import nn

    x = numbers(40, 4)
    y = (x.sum(1) > 0).long()
    data = [(x[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8)]
    net = fill(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    trainer = create_supervised_trainer(net, optimizer, nn.CrossEntropyLoss())
    metrics = {"accuracy": Accuracy(), "loss": Loss(nn.CrossEntropyLoss()), "matrix": ConfusionMatrix(2)}
    evaluator = create_supervised_evaluator(net, metrics=metrics)
    RunningAverage(output_transform=lambda loss: loss).attach(trainer, "running")
    trainer.add_event_handler(
        Events.ITERATION_STARTED, PiecewiseLinear(optimizer, "lr", [(0, 0.1), (15, 0.01)])
    )
    evaluator.add_event_handler(
        Events.COMPLETED, EarlyStopping(5, lambda engine: -engine.state.metrics["loss"], trainer)
    )
    history = []

    @trainer.on(Events.EPOCH_COMPLETED)
    def evaluate(engine):
        evaluator.run(data)
        history.append([evaluator.state.metrics, engine.state.metrics["running"]])

    trainer.run(data, max_epochs=3)
    return plain(history)


def lightning_fabric():
    import tempfile

    import torch
    from lightning_fabric import Fabric
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    fabric = Fabric(accelerator="cpu", devices=1)
    fabric.launch()
    net = fill(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)))
    net, optimizer = fabric.setup(net, torch.optim.Adam(net.parameters(), lr=0.05))
    loader = fabric.setup_dataloaders(DataLoader(TensorDataset(numbers(20, 4)), batch_size=5))
    losses = []
    for (x,) in loader:
        loss = net(x).square().mean()
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(net, optimizer, max_norm=0.5)
        optimizer.step()
        losses.append(loss.item())
    with tempfile.TemporaryDirectory() as folder:
        fabric.save(f"{folder}/state", {"net": net, "optimizer": optimizer, "step": 4})
        before = plain(net.state_dict())
        with torch.no_grad():
            next(net.parameters()).zero_()
        rest = fabric.load(f"{folder}/state", {"net": net, "optimizer": optimizer})
        after = plain(net.state_dict())
    assert all(np.array_equal(before[name], after[name]) for name in before)
    return [losses, before, rest["step"], fabric.world_size, str(fabric.device)]


def kornia():
    import torch
    from kornia import color, filters
    from kornia.geometry import resize, rotate, warp_affine
    from kornia.losses import SSIMLoss

    image = numbers(1, 3, 16, 20).sigmoid().requires_grad_()
    calls = {
        "gaussian": lambda x: filters.gaussian_blur2d(x, (5, 5), (1.5, 1.5)),
        "box": lambda x: filters.box_blur(x, (3, 3)),
        "sobel": filters.sobel,
        "laplacian": lambda x: filters.laplacian(x, 3),
        "median": lambda x: filters.median_blur(x, (3, 3)),
        "bilateral": lambda x: filters.bilateral_blur(x, (3, 3), 0.1, (1.5, 1.5)),
        "unsharp": lambda x: filters.unsharp_mask(x, (3, 3), (1.5, 1.5)),
        "motion": lambda x: filters.motion_blur(x, 5, 35.0, 0.5),
        "gradient": filters.spatial_gradient,
        "canny": lambda x: filters.canny(x.detach())[0],
        "gray": color.rgb_to_grayscale,
        "hsv": color.rgb_to_hsv,
        "hls": color.rgb_to_hls,
        "lab": color.rgb_to_lab,
        "luv": color.rgb_to_luv,
        "ycbcr": color.rgb_to_ycbcr,
        "yuv": color.rgb_to_yuv,
        "xyz": color.rgb_to_xyz,
        "linear": color.rgb_to_linear_rgb,
        "back": lambda x: color.hsv_to_rgb(color.rgb_to_hsv(x)),
        "resize": lambda x: resize(x, (8, 10)),
        "rotate": lambda x: rotate(x, torch.tensor([30.0])),
        "affine": lambda x: warp_affine(x, torch.tensor([[[1.0, 0.1, 1.0], [0.0, 0.9, 2.0]]]), (16, 20)),
        "ssim": lambda x: SSIMLoss(5)(x, x.detach().flip(-1)),
    }
    return {name: differentiated(call, image) for name, call in calls.items()}


def differentiated(call, x):
    """``call(x)`` and the gradient of the sum of its squares."""
    x.grad = None
    out = call(x)
    if out.requires_grad:
        out.square().sum().backward()
    return plain([out, x.grad])


def lpips():
    import lpips

    torchvision()
    loss = lpips.LPIPS(net="squeeze", pretrained=False, pnet_rand=True, verbose=False)
    return learned(
        fill(loss).eval(), numbers(1, 3, 48, 48).tanh(), numbers(1, 3, 48, 48, seed=1).tanh(), filled=False
    )


def torchcrepe():
    import torch

    # torchcrepe reads sound files with torchaudio, which is compiled for PyTorch; the network does without
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torchaudio", types.ModuleType("torchaudio"))
        import torchcrepe

    net = torchcrepe.Crepe("tiny")
    sound = numbers(1, 4096)
    frames = next(torchcrepe.preprocess(sound, 16000, 160, 8, "cpu"))
    result = learned(net.eval(), frames.detach())
    with torch.no_grad():
        probabilities = net(frames).reshape(1, -1, torchcrepe.PITCH_BINS).transpose(1, 2)
        pitch = torchcrepe.postprocess(
            probabilities, decoder=torchcrepe.decode.argmax, return_periodicity=False
        )
    smooth = torchcrepe.filter.mean(numbers(1, 20).abs(), 3), torchcrepe.filter.median(numbers(1, 20), 3)
    return [frames, result, pitch.shape, smooth]


def nflows():
    from nflows.distributions.normal import StandardNormal
    from nflows.flows.base import Flow
    from nflows.transforms.autoregressive import (
        MaskedAffineAutoregressiveTransform,
        MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
    )
    from nflows.transforms.base import CompositeTransform
    from nflows.transforms.permutations import ReversePermutation

    transforms = [
        MaskedAffineAutoregressiveTransform(features=3, hidden_features=8),
        ReversePermutation(features=3),
        MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
            features=3, hidden_features=8, tails="linear", tail_bound=3.0, num_blocks=1
        ),
    ]
    flow = fill(Flow(CompositeTransform(transforms), StandardNormal([3]))).eval()
    x = numbers(5, 3).requires_grad_()
    score = flow.log_prob(x)
    score.sum().backward()
    noise = flow.transform_to_noise(x)
    back, _ = flow._transform.inverse(noise)
    assert flow.sample(4).shape == (4, 3)
    return [score, x.grad, [p.grad for p in flow.parameters()], noise, back]


def gpytorch():
    import gpytorch
    import torch

    x = torch.linspace(0, 1, 20, dtype=torch.float64)
    y = torch.sin(6 * x) + 0.1 * numbers(20, dtype="float64")

    class Model(gpytorch.models.ExactGP):
        def __init__(self, likelihood):
            super().__init__(x, y, likelihood)
            self.mean_module = gpytorch.means.ConstantMean()
            self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

        def forward(self, x):
            return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

    likelihood = gpytorch.likelihoods.GaussianLikelihood()
    model = Model(likelihood).double()
    likelihood.double()
    marginal = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model.train(), likelihood.train()
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = -marginal(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval(), likelihood.eval()
    with torch.no_grad(), gpytorch.settings.fast_pred_var():
        predicted = likelihood(model(torch.linspace(-0.2, 1.2, 7, dtype=torch.float64)))
        lower, upper = predicted.confidence_region()
    return [np.array(losses), predicted.mean, lower, upper, dict(model.named_parameters())]


PROGRAMS = {
    "einops": ("einops", einops),
    "torchmetrics": ("torchmetrics", torchmetrics),
    "torchdiffeq": ("torchdiffeq", torchdiffeq),
    "torchinfo": ("torchinfo", torchinfo),
    "torch_optimizer": ("torch_optimizer pytorch_ranger", torch_optimizer),
    "x_transformers": ("x_transformers", x_transformers),
    "vit_pytorch": ("vit_pytorch", vit_pytorch),
    "skorch": ("skorch", skorch),
    "ignite": ("ignite", ignite),
    "lightning_fabric": ("lightning_fabric", lightning_fabric),
    "kornia": ("kornia", kornia),
    "lpips": ("lpips torchvision", lpips),
    "torchcrepe": ("torchcrepe librosa", torchcrepe),
    "nflows": ("nflows", nflows),
    "gpytorch": ("gpytorch linear_operator", gpytorch),
}
