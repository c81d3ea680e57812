"""More programs with one package each: attention, generative models, metric learning, equations."""

from .running import fill, learned, numbers, plain


def ema_pytorch():
    import torch
    from ema_pytorch import EMA
    from torch import nn

    net = fill(nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2)))
    ema = EMA(net, beta=0.9, update_after_step=1, update_every=2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for seed in range(6):
        optimizer.zero_grad()
        net(numbers(5, 4, seed=seed)).square().mean().backward()
        optimizer.step()
        ema.update()
    return [ema(numbers(5, 4)), dict(ema.state_dict())]


def lion_pytorch():
    from lion_pytorch import Lion
    from torch import nn

    net = fill(nn.Linear(3, 2))
    optimizer = Lion(net.parameters(), lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)
    for seed in range(4):
        optimizer.zero_grad()
        net(numbers(5, 3, seed=seed)).square().mean().backward()
        optimizer.step()
    return [net.weight, net.bias]


def rotary_embedding_torch():
    import torch
    from rotary_embedding_torch import RotaryEmbedding, apply_rotary_emb

    rotary = RotaryEmbedding(dim=8)
    queries, keys = numbers(1, 2, 6, 8).requires_grad_(), numbers(1, 2, 6, 8, seed=1)
    turned = rotary.rotate_queries_or_keys(queries)
    turned.square().sum().add((turned * keys).sum()).backward()
    long = RotaryEmbedding(dim=8, use_xpos=True)
    pair = long.rotate_queries_and_keys(queries.detach(), keys)
    axes = RotaryEmbedding(dim=4, freqs_for="pixel", max_freq=10)
    image = apply_rotary_emb(axes.get_axial_freqs(5, 5), numbers(1, 5, 5, 8))
    return [turned, queries.grad, list(pair), image, rotary(torch.arange(4))]


def vector_quantize_pytorch():
    from vector_quantize_pytorch import FSQ, LFQ, ResidualVQ, VectorQuantize

    x = numbers(2, 7, 8)
    nets = [
        VectorQuantize(dim=8, codebook_size=16, decay=0.8, commitment_weight=1.0),
        VectorQuantize(dim=8, codebook_size=16, use_cosine_sim=True, codebook_dim=4),
        ResidualVQ(dim=8, num_quantizers=3, codebook_size=16),
        FSQ([5, 3, 4], dim=8),
        LFQ(codebook_size=16, dim=8, entropy_loss_weight=0.1),
    ]
    results = []
    for net in nets:
        for name, buffer in net.named_buffers():
            if name.endswith(("embed", "embed_avg")):
                buffer.copy_(numbers(*buffer.shape, seed=3))
        fill(net.eval())
        results.append([net(x), learned(net, x.clone())] if any(True for _ in net.parameters()) else net(x))
    trained = nets[0].train()
    results.append([learned(trained, x.clone()), dict(trained.state_dict())])
    return results


def denoising_diffusion_pytorch():
    import torch
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet

    net = Unet(dim=8, dim_mults=(1, 2), channels=3, flash_attn=False, attn_dim_head=8, attn_heads=2)
    diffusion = fill(GaussianDiffusion(net, image_size=16, timesteps=10, objective="pred_v"))
    image, times = numbers(2, 3, 16, 16).sigmoid(), torch.tensor([2, 7])
    loss = diffusion.p_losses(image, times, noise=numbers(2, 3, 16, 16, seed=1))
    loss.backward()
    norms = torch.stack([p.grad.norm() for p in net.parameters() if p.grad is not None])
    assert diffusion.sample(batch_size=1).shape == (1, 3, 16, 16)
    return [loss, norms, learned(net, image, times, filled=False)]


def pytorch_metric_learning():
    import torch
    from pytorch_metric_learning import distances, losses, miners, reducers

    labels = torch.arange(12) % 4
    calls = [
        losses.ContrastiveLoss(),
        losses.TripletMarginLoss(
            distance=distances.CosineSimilarity(), reducer=reducers.ThresholdReducer(low=0)
        ),
        losses.NTXentLoss(temperature=0.2),
        losses.SupConLoss(),
        losses.MultiSimilarityLoss(),
        losses.CircleLoss(),
        losses.NPairsLoss(),
        losses.AngularLoss(),
        losses.ArcFaceLoss(4, 6),
        losses.ProxyAnchorLoss(4, 6),
        losses.SoftTripleLoss(4, 6),
    ]
    results = {}
    for call in calls:
        fill(call)
        x = numbers(12, 6).requires_grad_()
        loss = call(x, labels)
        loss.backward()
        results[type(call).__name__] = [loss, x.grad]
    pairs = miners.MultiSimilarityMiner()(numbers(12, 6), labels)
    triplets = miners.TripletMarginMiner(margin=0.2, type_of_triplets="semihard")(numbers(12, 6), labels)
    return {**plain(results), "pairs": list(pairs), "triplets": list(triplets)}


def torchsde():
    import torch
    import torchsde
    from torch import nn

    class SDE(nn.Module):
        noise_type, sde_type = "diagonal", "ito"

        def __init__(self):
            super().__init__()
            self.drift, self.noise = nn.Linear(3, 3), nn.Linear(3, 3)

        def f(self, t, y):
            return self.drift(y).tanh()

        def g(self, t, y):
            return 0 * self.noise(y).sigmoid()  # the path does not depend on the noise that was drawn

    sde = fill(SDE())
    y0, times = numbers(4, 3).requires_grad_(), torch.linspace(0, 1, 5)
    results = []
    for method in ("euler", "milstein", "srk"):
        y = torchsde.sdeint(sde, y0, times, method=method, dt=0.1)
        (gradient,) = torch.autograd.grad(y[-1].square().sum(), y0)
        results.append(plain([y, gradient]))
    y = torchsde.sdeint_adjoint(sde, y0, times, method="euler", dt=0.1)
    y[-1].square().sum().backward()
    return [results, y, y0.grad, sde.drift.weight.grad]


def torchcde():
    import torch
    import torchcde
    from torch import nn

    class Field(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 12)

        def forward(self, t, z):
            return self.linear(z).tanh().view(*z.shape[:-1], 4, 3)

    x = numbers(2, 6, 3)
    x[0, 2, 1] = float("nan")
    field, results = fill(Field()), []
    for coefficients, path in (
        (torchcde.hermite_cubic_coefficients_with_backward_differences(x), torchcde.CubicSpline),
        (torchcde.natural_cubic_coeffs(x), torchcde.CubicSpline),
        (torchcde.linear_interpolation_coeffs(x), torchcde.LinearInterpolation),
    ):
        curve = path(coefficients)
        z0 = numbers(2, 4).requires_grad_()
        z = torchcde.cdeint(X=curve, func=field, z0=z0, t=curve.interval, adjoint=False, method="rk4")
        z[:, -1].square().sum().backward()
        results.append([coefficients, curve.evaluate(torch.tensor(1.5)), z, z0.grad])
    return results


def pytorch_msssim():
    from pytorch_msssim import MS_SSIM, SSIM, ms_ssim, ssim

    x, y = numbers(1, 3, 170, 170).sigmoid().requires_grad_(), numbers(1, 3, 170, 170, seed=1).sigmoid()
    results = [ssim(x, y, data_range=1.0), ms_ssim(x, y, data_range=1.0)]
    loss = 2 - SSIM(data_range=1.0, channel=3)(x, y) - MS_SSIM(data_range=1.0, channel=3)(x, (x + y) / 2)
    loss.backward()
    return [*results, loss, x.grad]


def geotorch():
    import geotorch
    import torch
    from torch import nn

    begin = torch.eye(4).add(0.1 * numbers(4, 4))
    constraints = {  # each begins with a matrix that obeys it
        geotorch.orthogonal: torch.linalg.qr(begin).Q,
        geotorch.skew: begin - begin.mT,
        geotorch.positive_definite: begin @ begin.mT,
        geotorch.sphere: begin / begin.norm(dim=-1, keepdim=True),
    }
    results = []
    for constrain, weight in constraints.items():
        layer = fill(nn.Linear(4, 4))
        constrain(layer, "weight")
        layer.weight = weight
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
        for seed in range(3):
            optimizer.zero_grad()
            layer(numbers(5, 4, seed=seed)).square().sum().backward()
            optimizer.step()
        results.append(layer.weight)
    return results


def performer_pytorch():
    import torch
    from performer_pytorch import FastAttention, PerformerLM

    attention = FastAttention(dim_heads=8, nb_features=16, causal=False)
    attention.projection_matrix.copy_(numbers(16, 8))
    results = [learned(attention, *(numbers(1, 2, 9, 8, seed=s) for s in range(3)))]
    net = PerformerLM(num_tokens=32, max_seq_len=16, dim=16, depth=1, heads=2, causal=False, dim_head=8)
    for name, buffer in net.named_buffers():
        if name.endswith("projection_matrix"):
            buffer.copy_(numbers(*buffer.shape))
    tokens = torch.arange(24).reshape(2, 12) * 7 % 32
    return [*results, learned(net.eval(), tokens)]


def linformer():
    import torch
    from linformer import LinformerLM

    net = LinformerLM(num_tokens=32, dim=16, seq_len=12, depth=2, heads=2, k=4)
    return learned(net.eval(), torch.arange(24).reshape(2, 12) * 7 % 32)


PROGRAMS = {
    "ema_pytorch": ("ema_pytorch", ema_pytorch),
    "lion_pytorch": ("lion_pytorch", lion_pytorch),
    "rotary_embedding_torch": ("rotary_embedding_torch", rotary_embedding_torch),
    "vector_quantize_pytorch": ("vector_quantize_pytorch", vector_quantize_pytorch),
    "denoising_diffusion_pytorch": ("denoising_diffusion_pytorch accelerate", denoising_diffusion_pytorch),
    "pytorch_metric_learning": ("pytorch_metric_learning", pytorch_metric_learning),
    "torchsde": ("torchsde", torchsde),
    "torchcde": ("torchcde", torchcde),
    "pytorch_msssim": ("pytorch_msssim", pytorch_msssim),
    "geotorch": ("geotorch", geotorch),
    "performer_pytorch": ("performer_pytorch", performer_pytorch),
    "linformer": ("linformer", linformer),
}
