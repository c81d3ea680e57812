"""Programs with one package each: sound, graphs, integrals, explanations, spiking neurons, segmentation."""

from .running import fill, learned, numbers, plain


def torchaudio():
    import torchaudio.functional as F
    import torchaudio.transforms as T
    from torchaudio.models import ConvTasNet

    wave = numbers(2, 800) * 0.1
    results = [
        T.Spectrogram(n_fft=128)(wave),
        T.MelSpectrogram(sample_rate=8000, n_fft=128, n_mels=20)(wave),
        T.MFCC(sample_rate=8000, n_mfcc=8, melkwargs={"n_fft": 128, "n_mels": 20})(wave),
        T.AmplitudeToDB()(wave.abs()),
        T.Resample(8000, 6000)(wave),
        T.MuLawDecoding()(T.MuLawEncoding()(wave)),
        T.ComputeDeltas()(wave[None, :, :50]),
        T.TimeMasking(1)(wave[None, :, :20]),
        T.GriffinLim(n_fft=128, n_iter=4, rand_init=False)(T.Spectrogram(n_fft=128)(wave)),
        F.create_dct(8, 20, "ortho"),
        F.highpass_biquad(wave, 8000, 500.0),
        F.lowpass_biquad(wave, 8000, 500.0),
        F.convolve(wave, wave[:, :20]),
        F.preemphasis(wave),
        F.gain(wave, 3.0),
        F.melscale_fbanks(65, 0.0, 4000.0, 20, 8000),
    ]
    x = wave.clone().requires_grad_()
    T.MelSpectrogram(sample_rate=8000, n_fft=128, n_mels=20)(x).log1p().sum().backward()
    net = ConvTasNet(
        num_sources=2, enc_kernel_size=4, enc_num_feats=8, msk_num_feats=8, msk_num_hidden_feats=8
    )
    return [*results, x.grad, learned(net.eval(), numbers(1, 1, 64))]


def torch_geometric():
    import torch
    from torch_geometric import nn
    from torch_geometric.data import Batch, Data
    from torch_geometric.utils import add_self_loops, degree, to_dense_adj, to_undirected

    edges = to_undirected(torch.tensor([[0, 1, 2, 3, 0], [1, 2, 3, 4, 4]]))
    x = numbers(5, 6)
    layers = {
        "gcn": nn.GCNConv(6, 4),
        "gat": nn.GATConv(6, 4, heads=2),
        "gatv2": nn.GATv2Conv(6, 4, heads=2),
        "sage": nn.SAGEConv(6, 4),
        "gin": nn.GINConv(torch.nn.Linear(6, 4)),
        "graph": nn.GraphConv(6, 4),
        "cheb": nn.ChebConv(6, 4, K=3),
        "transformer": nn.TransformerConv(6, 4, heads=2),
        "edge": nn.EdgeConv(torch.nn.Linear(12, 4)),
        "model": nn.GraphSAGE(6, 8, num_layers=2, out_channels=3),
    }
    results = {name: learned(layer.eval(), x.clone(), edges) for name, layer in layers.items()}
    batch = Batch.from_data_list([Data(x=x, edge_index=edges), Data(x=x[:3], edge_index=edges[:, :2])])
    pools = nn.global_mean_pool, nn.global_max_pool, nn.global_add_pool
    results["pools"] = [pool(batch.x, batch.batch) for pool in pools]
    results["utils"] = [degree(edges[0]), to_dense_adj(edges), *add_self_loops(edges)[:1]]
    return plain(results)


def fvcore():
    from fvcore.nn import giou_loss, sigmoid_focal_loss, smooth_l1_loss
    from fvcore.nn.parameter_count import parameter_count
    from fvcore.nn.precise_bn import update_bn_stats
    from torch import nn

    x = numbers(4, 6).requires_grad_()
    targets = (numbers(4, 6, seed=1) > 0).float()
    boxes = numbers(4, 4).abs().cumsum(1)
    losses = [
        sigmoid_focal_loss(x, targets, reduction="sum"),
        smooth_l1_loss(x, targets, beta=0.5, reduction="mean"),
        giou_loss(boxes, boxes + 0.3, reduction="sum"),
    ]
    sum(losses).backward()
    net = fill(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    update_bn_stats(net, [numbers(2, 3, 8, 8, seed=s) for s in range(3)], num_iters=3)
    return [*losses, x.grad, dict(net.state_dict()), dict(parameter_count(net))]


def torchquad():
    import torch
    from loguru import logger
    from torchquad import Boole, MonteCarlo, Simpson, Trapezoid

    logger.remove()

    def f(x):
        return torch.sin(x[:, 0]) + torch.exp(x[:, 1])

    domain = torch.tensor([[0.0, 1.0], [-1.0, 1.0]])
    results = [
        rule().integrate(f, dim=2, N=n, integration_domain=domain)
        for rule, n in ((Trapezoid, 81), (Simpson, 81), (Boole, 81))
    ]
    low = torch.tensor([[0.0, 1.0], [-1.0, 1.0]], requires_grad=True)
    Simpson().integrate(f, dim=2, N=81, integration_domain=low).backward()
    assert (
        abs(MonteCarlo().integrate(f, dim=2, N=2000, integration_domain=domain, seed=1).item() - 3.27) < 0.3
    )
    return [*results, low.grad]


def captum():
    from captum.attr import (
        DeepLift,
        FeatureAblation,
        GuidedBackprop,
        InputXGradient,
        IntegratedGradients,
        LayerConductance,
        LayerGradCam,
        Occlusion,
        Saliency,
    )
    from torch import nn

    net = fill(nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 4))).eval()
    x = numbers(2, 1, 6, 6)
    results = {
        "saliency": Saliency(net).attribute(x.clone(), target=1),
        "integrated": list(
            IntegratedGradients(net).attribute(x.clone(), target=1, n_steps=10, return_convergence_delta=True)
        ),
        "input": InputXGradient(net).attribute(x.clone(), target=1),
        "deeplift": DeepLift(net).attribute(x.clone(), target=1),
        "guided": GuidedBackprop(net).attribute(x.clone(), target=1),
        "ablation": FeatureAblation(net).attribute(x.clone(), target=1),
        "occlusion": Occlusion(net).attribute(x.clone(), target=1, sliding_window_shapes=(1, 3, 3)),
        "conductance": LayerConductance(net, net[0]).attribute(x.clone(), target=1, n_steps=5),
        "gradcam": LayerGradCam(net, net[0]).attribute(x.clone(), target=1),
    }
    return plain(results)


def entmax():
    import torch
    from entmax import Entmax15Loss, SparsemaxLoss, entmax15, entmax_bisect, sparsemax

    results = []
    for function in (sparsemax, entmax15, lambda x: entmax_bisect(x, alpha=1.7)):
        x = numbers(3, 7).requires_grad_()
        y = function(x)
        (y * numbers(3, 7, seed=1)).sum().backward()
        results += [y, x.grad]
    for loss in (SparsemaxLoss(), Entmax15Loss()):
        x = numbers(3, 7).requires_grad_()
        y = loss(x, torch.tensor([0, 3, 6]))
        y.backward()
        results += [y, x.grad]
    return results


def snntorch():
    import snntorch
    import torch
    from snntorch import functional, spikegen, surrogate

    results = []
    for neuron in (
        snntorch.Leaky(beta=0.9, spike_grad=surrogate.fast_sigmoid()),
        snntorch.Synaptic(alpha=0.8, beta=0.9, spike_grad=surrogate.atan()),
        snntorch.Lapicque(beta=0.9, spike_grad=surrogate.sigmoid()),
        snntorch.Alpha(alpha=0.9, beta=0.8, spike_grad=surrogate.fast_sigmoid()),
    ):
        linear = fill(torch.nn.Linear(5, 4))
        state = neuron.reset_mem()
        state = state if isinstance(state, tuple) else (state,)
        spikes = []
        for step in range(6):
            spike, *state = neuron(3 * linear(numbers(3, 5, seed=step)), *state)
            spikes.append(spike)
        total = torch.stack(spikes)
        (total.sum() + state[-1].sum()).backward()
        results.append([total, state[-1], linear.weight.grad])
    results.append(functional.ce_rate_loss()(total.detach(), torch.tensor([0, 1, 2])))
    results.append(spikegen.latency(numbers(3, 4).sigmoid(), num_steps=5))
    return results


def higher():
    import higher
    import torch
    from torch import nn

    net = fill(nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)))
    results = []
    for make in (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), lambda p: torch.optim.Adam(p, lr=0.05)):
        net.zero_grad()
        with higher.innerloop_ctx(net, make(net.parameters())) as (inner, optimizer):
            for step in range(3):
                optimizer.step(inner(numbers(4, 3, seed=step)).square().mean())
            loss = inner(numbers(4, 3, seed=9)).square().mean()
            loss.backward()
        results.append([loss, [p.grad for p in net.parameters()]])
    return plain(results)


def efficientnet_pytorch():
    from efficientnet_pytorch import EfficientNet

    net = EfficientNet.from_name("efficientnet-b0", num_classes=5, image_size=32)
    return learned(net.eval(), numbers(1, 3, 32, 32))


def segmentation_models_pytorch():
    import segmentation_models_pytorch as smp

    net = smp.Unet("resnet18", encoder_weights=None, decoder_channels=(32, 16, 8, 8, 4), classes=2)
    results = [learned(net.eval(), numbers(1, 3, 32, 32))]
    logits, target = numbers(2, 1, 8, 8).requires_grad_(), (numbers(2, 1, 8, 8, seed=1) > 0).float()
    losses = [
        loss(logits, target)
        for loss in (
            smp.losses.DiceLoss("binary"),
            smp.losses.JaccardLoss("binary"),
            smp.losses.FocalLoss("binary"),
            smp.losses.LovaszLoss("binary"),
            smp.losses.TverskyLoss("binary"),
        )
    ]
    sum(losses).backward()
    return [*results, losses, logits.grad]


PROGRAMS = {
    "torchaudio": ("torchaudio", torchaudio),
    "torch_geometric": ("torch_geometric xxhash jinja2", torch_geometric),
    "fvcore": ("fvcore iopath yacs portalocker termcolor", fvcore),
    "torchquad": ("torchquad autoray loguru", torchquad),
    "captum": ("captum", captum),
    "entmax": ("entmax", entmax),
    "snntorch": ("snntorch", snntorch),
    "higher": ("higher", higher),
    "efficientnet_pytorch": ("efficientnet_pytorch", efficientnet_pytorch),
    "segmentation_models_pytorch": ("segmentation_models_pytorch", segmentation_models_pytorch),
}
