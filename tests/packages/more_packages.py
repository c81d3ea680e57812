"""Programs with one package each: optimizers, curvature, flows, sound, tables, explanations."""

from .running import fill, learned, numbers, plain


def steps(make, **options):
    """The weights of a small network after four steps of an optimizer."""
    from torch import nn

    net = fill(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)))
    optimizer = make(net.parameters(), **options)
    if hasattr(optimizer, "train"):
        optimizer.train()
    for seed in range(4):
        optimizer.zero_grad()
        net(numbers(5, 3, seed=seed)).square().mean().backward()
        optimizer.step()
    return plain(list(net.parameters()))


def schedulefree():
    import schedulefree

    return [steps(schedulefree.AdamWScheduleFree, lr=0.05), steps(schedulefree.SGDScheduleFree, lr=0.05)]


def prodigyopt():
    from prodigyopt import Prodigy

    return steps(Prodigy, weight_decay=0.01)


def pytorch_optimizer():
    import pytorch_optimizer as optimizers

    names = "ADOPT AdaBelief AdamP Adan CAME Lion MADGRAD RAdam Tiger Yogi StableAdamW Grams"
    return {name: steps(getattr(optimizers, name), lr=0.01) for name in names.split()}


def zuko():
    import zuko

    flow = fill(zuko.flows.MAF(3, 2, transforms=2, hidden_features=(8,)))
    spline = fill(zuko.flows.NSF(3, 2, transforms=1, hidden_features=(8,)))
    results = []
    for net in (flow, spline):
        x, context = numbers(5, 3).requires_grad_(), numbers(5, 2, seed=1)
        score = net(context).log_prob(x)
        score.sum().backward()
        results.append([score, x.grad, [p.grad for p in net.parameters()]])
        assert net(context).rsample((2,)).shape == (2, 5, 3)
    return plain(results)


def backpack():
    import torch
    from backpack import backpack, extend
    from backpack.extensions import BatchGrad, BatchL2Grad, DiagGGNExact, Variance
    from torch import nn

    net = extend(fill(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))))
    loss = extend(nn.CrossEntropyLoss())
    with backpack(BatchGrad(), BatchL2Grad(), Variance(), DiagGGNExact()):
        loss(net(numbers(6, 3)), torch.arange(6) % 2).backward()
    return [[p.grad, p.grad_batch, p.batch_l2, p.variance, p.diag_ggn_exact] for p in net.parameters()]


def opacus():
    import torch
    from opacus import GradSampleModule
    from torch import nn

    net = GradSampleModule(
        fill(nn.Sequential(nn.Conv1d(2, 4, 3), nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(24, 2)))
    )
    nn.functional.cross_entropy(net(numbers(5, 2, 8)), torch.arange(5) % 2).backward()
    return [[p.grad_sample, p.grad] for p in net.parameters()]


def normflows():
    import normflows as nf

    coupling = nf.flows.AffineCouplingBlock(nf.nets.MLP([1, 8, 2], init_zeros=True))
    flows = [coupling, nf.flows.Permute(2, mode="swap")]
    net = fill(nf.NormalizingFlow(nf.distributions.base.DiagGaussian(2), flows))
    loss = net.forward_kld(numbers(6, 2))
    loss.backward()
    return [loss, [p.grad for p in net.parameters()], net.log_prob(numbers(4, 2, seed=1))]


def shap():
    import shap
    import torch
    from torch import nn

    net = fill(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)))
    deep = shap.DeepExplainer(net, numbers(10, 4))
    values = deep.shap_values(numbers(3, 4, seed=1))
    torch.manual_seed(0)
    gradients = shap.GradientExplainer(net, numbers(10, 4)).shap_values(numbers(3, 4, seed=1), nsamples=5)
    return [values, list(gradients.shape)]


def encodec():
    from encodec.modules import SEANetDecoder, SEANetEncoder
    from encodec.quantization import ResidualVectorQuantizer

    coder = SEANetEncoder(dimension=8, n_filters=4, ratios=[4, 2])
    decoder = SEANetDecoder(dimension=8, n_filters=4, ratios=[4, 2])
    quantizer = ResidualVectorQuantizer(dimension=8, n_q=2, bins=8).eval()
    for name, buffer in quantizer.named_buffers():
        if name.endswith(("embed", "inited")):
            buffer.copy_(numbers(*buffer.shape) if buffer.ndim > 1 else buffer * 0 + 1)
    hidden = fill(coder)(numbers(1, 1, 64)).detach()
    said = quantizer(hidden, 50)
    return [learned(coder, numbers(1, 1, 64)), learned(decoder, numbers(1, 8, 8)), said.codes, said.quantized]


def auraloss():
    from auraloss.freq import MelSTFTLoss, MultiResolutionSTFTLoss, STFTLoss
    from auraloss.time import DCLoss, ESRLoss, SISDRLoss, SNRLoss

    target = numbers(2, 1, 800, seed=1)
    results = {}
    small = {"fft_sizes": [64, 128], "hop_sizes": [16, 32], "win_lengths": [32, 64]}
    for loss in (
        STFTLoss(fft_size=128, hop_size=32, win_length=64),
        MultiResolutionSTFTLoss(**small),
        MelSTFTLoss(8000, fft_size=256, hop_size=64, win_length=128, n_mels=16),
        DCLoss(),
        ESRLoss(),
        SISDRLoss(),
        SNRLoss(),
    ):
        x = numbers(2, 1, 800).requires_grad_()
        value = loss(x, target)
        value.backward()
        results[type(loss).__name__] = plain([value, x.grad])
    return results


def julius():
    import julius

    wave = numbers(2, 400)
    return [
        julius.resample_frac(wave, 4, 3),
        julius.lowpass_filter(wave, 0.1),
        julius.split_bands(wave, 8000, n_bands=3),
        julius.fft_conv1d(wave[:, None], numbers(3, 1, 50)),
    ]


def pytorch_tabnet():
    import numpy as np
    import torch
    from pytorch_tabnet.tab_network import TabNet

    torch.manual_seed(0)
    net = TabNet(6, 2, n_d=4, n_a=4, n_steps=2, group_attention_matrix=torch.eye(6))
    out, penalty = fill(net).eval()(numbers(8, 6))
    (out.sum() + penalty).backward()
    norms = np.array([0.0 if p.grad is None else p.grad.norm().item() for p in net.parameters()], "float32")
    return [out, penalty, norms]


def open_clip():
    import torch
    from open_clip.loss import ClipLoss, SigLipLoss
    from open_clip.model import CLIP

    net = CLIP(
        8,
        {"image_size": 16, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8},
        {"context_length": 12, "vocab_size": 50, "width": 16, "heads": 2, "layers": 1},
    )
    ids = torch.arange(24).reshape(2, 12) * 7 % 48 + 1
    image, text, scale = fill(net).eval()(numbers(2, 3, 16, 16), ids)[:3]
    loss = ClipLoss()(image, text, scale) + SigLipLoss()(image, text, scale, torch.zeros(()))
    loss.backward()
    return [image, text, loss, [p.grad.norm() for p in net.parameters() if p.grad is not None]]


def mambapy():
    from mambapy.mamba import Mamba, MambaConfig

    return learned(Mamba(MambaConfig(d_model=8, n_layers=2, d_state=4)), numbers(2, 8, 8))


def lightly():
    from lightly import loss as losses
    from lightly.models.modules import BarlowTwinsProjectionHead, SimCLRProjectionHead

    results = {}
    for loss in (
        losses.NTXentLoss(),
        losses.BarlowTwinsLoss(),
        losses.VICRegLoss(),
        losses.NegativeCosineSimilarity(),
    ):
        x, y = numbers(6, 8).requires_grad_(), numbers(6, 8, seed=1)
        value = loss(x, y)
        value.backward()
        results[type(loss).__name__] = plain([value, x.grad])
    heads = [SimCLRProjectionHead(8, 8, 4), BarlowTwinsProjectionHead(8, 8, 4)]
    return [results, [learned(head, numbers(6, 8)) for head in heads]]


def model_summaries():
    import thop
    from ptflops import get_model_complexity_info
    from torch import nn
    from torchsummary import summary

    net = fill(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    )
    counted = get_model_complexity_info(
        net, (1, 8, 8), as_strings=False, print_per_layer_stat=False, verbose=False
    )
    summary(net, (1, 8, 8), device="cpu")
    return [list(thop.profile(net, (numbers(1, 1, 8, 8),), verbose=False)), list(counted)]


PROGRAMS = {
    "schedulefree": ("schedulefree", schedulefree),
    "prodigyopt": ("prodigyopt", prodigyopt),
    "pytorch_optimizer": ("pytorch_optimizer", pytorch_optimizer),
    "zuko": ("zuko", zuko),
    "backpack": ("backpack unfoldNd", backpack),
    "opacus": ("opacus", opacus),
    "normflows": ("normflows", normflows),
    "shap": ("shap slicer", shap),
    "encodec": ("encodec", encodec),
    "auraloss": ("auraloss", auraloss),
    "julius": ("julius", julius),
    "pytorch_tabnet": ("pytorch_tabnet", pytorch_tabnet),
    "open_clip": ("open_clip ftfy", open_clip),
    "mambapy": ("mambapy", mambapy),
    "lightly": ("lightly", lightly),
    "model_summaries": ("torchsummary thop ptflops", model_summaries),
}
