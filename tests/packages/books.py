"""Programs in the manner of the books and courses that teach PyTorch, on their packages and without."""

from .running import fill, numbers, plain, torchvision


def gpt():
    """A small GPT, trained: weights tied, bfloat16 autocast, clipped gradients, AdamW, a cosine."""
    import io

    import torch
    from torch import nn
    from torch.nn import functional as F
    from torch.optim.lr_scheduler import CosineAnnealingLR

    class Block(nn.Module):
        def __init__(self, size, heads):
            super().__init__()
            self.heads, self.before, self.after = heads, nn.LayerNorm(size), nn.LayerNorm(size)
            self.qkv, self.out = nn.Linear(size, 3 * size, bias=False), nn.Linear(size, size)
            self.mlp = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU("tanh"), nn.Linear(4 * size, size))

        def forward(self, x):
            parts = self.qkv(self.before(x)).split(x.size(-1), dim=2)
            q, k, v = (p.view(*x.shape[:2], self.heads, -1).transpose(1, 2) for p in parts)
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(mixed.transpose(1, 2).contiguous().view(x.shape))
            return x + self.mlp(self.after(x))

    class GPT(nn.Module):
        def __init__(self, tokens=40, size=16, length=12):
            super().__init__()
            self.tokens, self.places = nn.Embedding(tokens, size), nn.Embedding(length, size)
            self.blocks = nn.ModuleList(Block(size, 2) for _ in range(2))
            self.norm, self.head = nn.LayerNorm(size), nn.Linear(size, tokens, bias=False)
            self.tokens.weight = self.head.weight

        def forward(self, x, target=None):
            h = self.tokens(x) + self.places(torch.arange(x.size(1), device=x.device))
            for block in self.blocks:
                h = block(h)
            logits = self.head(self.norm(h))
            if target is None:
                return logits, None
            return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), target.reshape(-1))

    def train(dtype, wrap):
        net = fill(GPT())
        model = wrap(net)
        groups = [p for p in net.parameters() if p.dim() > 1], [p for p in net.parameters() if p.dim() < 2]
        optimizer = torch.optim.AdamW(
            [{"params": groups[0], "weight_decay": 0.1}, {"params": groups[1], "weight_decay": 0.0}],
            lr=1e-2, betas=(0.9, 0.95), fused=True,
        )  # fmt: skip
        schedule = CosineAnnealingLR(optimizer, T_max=5, eta_min=1e-3)
        scaler = torch.amp.GradScaler("cpu", enabled=False)
        losses = []
        for step in range(5):
            for part in range(2):
                text = (torch.arange(26).reshape(2, 13) * (step + 2 * part + 3)) % 40
                with torch.autocast(device_type="cpu", dtype=dtype, enabled=dtype != torch.float32):
                    logits, loss = model(text[:, :-1], text[:, 1:])
                scaler.scale(loss / 2).backward()
                losses.append(loss.item())
            scaler.unscale_(optimizer)
            norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer), scaler.update()
            optimizer.zero_grad(set_to_none=True)
            schedule.step()
        file = io.BytesIO()
        torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, file)
        file.seek(0)
        loaded, fresh = torch.load(file, map_location="cpu", weights_only=True), GPT()
        fresh.load_state_dict(loaded["model"])
        optimizer.load_state_dict(loaded["optimizer"])
        return fresh, [losses, norm, str(logits.dtype), str(loss.dtype), schedule.get_last_lr()]

    torch.set_float32_matmul_precision("high")
    net, exact = train(torch.float32, torch.compile if hasattr(torch.version, "mytorch") else lambda net: net)
    _, low = train(torch.bfloat16, lambda net: net)
    written, generator = torch.tensor([[1, 2, 3]]), torch.Generator().manual_seed(42)
    with torch.no_grad():
        for _ in range(5):
            likely, index = torch.topk(net(written)[0][:, -1].softmax(-1), 4)
            drawn = torch.gather(index, -1, torch.multinomial(likely, 1, generator=generator))
            assert drawn in index and drawn.shape == (1, 1)
            written = torch.cat([written, index[:, :1]], dim=1)
    low[0] = round(sum(low[0]) / 10, 1)  # bfloat16 has three digits
    low[1] = round(low[1].item(), 1)
    return [exact, dict(net.state_dict()), written, low]


def d2l():
    import torch

    torchvision()
    from d2l import torch as d2l
    from torch import nn

    d2l.plt.switch_backend("Agg")
    results = []
    data = d2l.SyntheticRegressionData(
        w=torch.tensor([2, -3.4]), b=4.2, num_train=20, num_val=10, batch_size=5
    )
    assert [x.shape for x in next(iter(data.train_dataloader()))] == [(5, 2), (5, 1)]
    data.X, data.y = numbers(30, 2), numbers(30, 1)
    data.get_dataloader = lambda train: [(data.X[:10], data.y[:10]), (data.X[10:], data.y[10:])]
    for model in (d2l.LinearRegressionScratch(2, lr=0.03), d2l.LinearRegression(lr=0.03)):
        if isinstance(model, d2l.LinearRegression):
            model.net(data.X)  # a lazy layer takes its shape
            fill(model)
        trainer = d2l.Trainer(max_epochs=3)
        model.board.display = False
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(0.5)
        trainer.fit(model, data)
        results.append(plain(dict(model.state_dict())))
    queries, lengths = numbers(2, 4, 8), torch.tensor([3, 2])
    attention = d2l.MultiHeadAttention(8, 2, 0.0)
    attention(queries, numbers(2, 6, 8), numbers(2, 6, 8), lengths)
    fill(attention)
    results.append(attention(queries, numbers(2, 6, 8), numbers(2, 6, 8), lengths))
    encoder = d2l.TransformerEncoder(20, 8, 16, 2, 2, 0.0)
    encoder(torch.ones((2, 4), dtype=torch.long), lengths)
    fill(encoder)
    out = encoder(torch.arange(8).reshape(2, 4), lengths)
    out.sum().backward()
    results += [out, encoder.embedding.weight.grad, encoder.attention_weights[0]]
    scratch = d2l.RNNScratch(5, 4)
    with torch.no_grad():
        for i, p in enumerate((scratch.W_xh, scratch.W_hh, scratch.b_h)):
            p.copy_(numbers(*p.shape, seed=i))
    outputs, state = scratch(numbers(3, 2, 5))
    results += [outputs, state, d2l.corr2d(numbers(5, 5), numbers(2, 2))]
    net = nn.Sequential(d2l.Residual(4), d2l.Residual(6, use_1x1conv=True, strides=2)).eval()
    net(numbers(2, 4, 8, 8))
    results.append(fill(net)(numbers(2, 4, 8, 8)))
    boxes = d2l.multibox_prior(numbers(1, 3, 6, 8), sizes=[0.75, 0.5], ratios=[1, 2])
    truth = torch.tensor([[[0, 0.1, 0.08, 0.52, 0.92], [1, 0.55, 0.2, 0.9, 0.88]]])
    targets = d2l.multibox_target(boxes, truth)
    scores = numbers(1, 3, boxes.shape[1]).softmax(1)
    kept = d2l.multibox_detection(scores, 0.1 * numbers(1, boxes.shape[1] * 4), boxes)
    return [*results, boxes, list(targets), kept[kept[..., 0] >= 0]]


def llms_from_scratch():
    import torch
    from llms_from_scratch.appendix_e import replace_linear_with_lora
    from llms_from_scratch.ch03 import CausalAttention, MultiHeadAttention, SelfAttention_v2
    from llms_from_scratch.ch04 import GPTModel, generate_text_simple
    from llms_from_scratch.ch05 import calc_loss_batch, generate
    from llms_from_scratch.llama3 import Llama3Model
    from llms_from_scratch.qwen3 import Qwen3Model

    def followed(net, loss):
        loss.backward()
        return plain([loss, [p.grad.norm() for p in net.parameters() if p.grad is not None]])

    x, tokens = numbers(2, 6, 8), torch.arange(24).reshape(2, 12) * 7 % 50
    results = [fill(SelfAttention_v2(8, 4))(x[0])]
    layers = CausalAttention(8, 4, 6, 0.0), MultiHeadAttention(8, 8, 6, 0.0, 2)
    results += [fill(layer)(x) for layer in layers]
    config = {
        "vocab_size": 50, "context_length": 16, "emb_dim": 16, "n_heads": 2, "n_layers": 2, "drop_rate": 0.0,
        "qkv_bias": False,
    }  # fmt: skip
    net = fill(GPTModel(config))
    results.append(followed(net, calc_loss_batch(tokens[:, :-1], tokens[:, 1:], net, "cpu")))
    results.append(generate_text_simple(net, tokens[:, :3], 5, 16))
    results.append(generate(net, tokens[:1, :3], 5, 16, top_k=4, temperature=0.0))
    replace_linear_with_lora(net, rank=2, alpha=4)
    results.append(fill(net)(tokens))
    config |= {"n_kv_groups": 1, "hidden_dim": 32, "head_dim": 8, "qk_norm": True, "dtype": torch.float32}
    config |= {"rope_base": 10_000.0, "rope_freq": None, "num_experts": 0}
    for kind in (Llama3Model, Qwen3Model):
        net = fill(kind(config))
        results.append(followed(net, net(tokens).square().mean()))
    return results


def makemore():
    """Names by characters: counts of pairs, one layer, an MLP with batch norm and its backward pass by hand,
    and pairs of characters joined level by level.
    """
    import torch
    import torch.nn.functional as F

    words = "emma olivia ava isabella sophia charlotte mia amelia harper evelyn".split()
    stoi = {c: i + 1 for i, c in enumerate(sorted(set("".join(words))))} | {".": 0}
    size, block = len(stoi), 4

    # pairs: counted, then learned
    counts, xs, ys = torch.zeros((size, size), dtype=torch.int32), [], []
    for word in words:
        chars = [".", *word, "."]
        for a, b in zip(chars, chars[1:]):
            counts[stoi[a], stoi[b]] += 1
            xs.append(stoi[a]), ys.append(stoi[b])
    P = (counts + 1).float()
    P /= P.sum(1, keepdims=True)
    xs, ys = torch.tensor(xs), torch.tensor(ys)
    W = numbers(size, size).requires_grad_()
    for _ in range(3):
        logits = F.one_hot(xs, num_classes=size).float() @ W
        e = logits.exp()
        probs = e / e.sum(1, keepdims=True)
        loss = -probs[torch.arange(len(xs)), ys].log().mean() + 0.01 * (W**2).mean()
        W.grad = None
        loss.backward()
        W.data += -5 * W.grad
    pairs = [P, -P[xs, ys].log().mean(), loss, W]

    # an MLP with batch norm, step by step, and the gradient of each step by hand
    X, Y = [], []
    for word in words:
        context = [0] * block
        for c in word + ".":
            X.append(context), Y.append(stoi[c])
            context = [*context[1:], stoi[c]]
    X, Y = torch.tensor(X), torch.tensor(Y)
    n = len(X)
    C, W1, b1 = numbers(size, 5), numbers(5 * block, 16, seed=1) * 0.3, numbers(16, seed=2) * 0.1
    W2, b2 = numbers(16, size, seed=3) * 0.1, numbers(size, seed=4) * 0.1
    gain, shift = numbers(1, 16, seed=5) * 0.1 + 1.0, numbers(1, 16, seed=6) * 0.1
    parameters = [C, W1, b1, W2, b2, gain, shift]
    for p in parameters:
        p.requires_grad = True
    emb = C[X]
    embcat = emb.view(emb.shape[0], -1)
    hprebn = embcat @ W1 + b1
    bnmeani = 1 / n * hprebn.sum(0, keepdim=True)
    bndiff = hprebn - bnmeani
    bnvar = 1 / (n - 1) * (bndiff**2).sum(0, keepdim=True)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = gain * bnraw + shift
    h = torch.tanh(hpreact)
    logits = h @ W2 + b2
    shifted = logits - logits.max(1, keepdim=True).values
    e = shifted.exp()
    probs = e * e.sum(1, keepdims=True) ** -1
    loss = -probs.log()[range(n), Y].mean()
    steps = [probs, e, shifted, logits, h, hpreact, bnraw, bnvar_inv, bnvar, bndiff, bnmeani, hprebn, emb]
    for t in steps:
        t.retain_grad()
    loss.backward()
    with torch.no_grad():
        dlogits = F.softmax(logits, 1)
        dlogits[range(n), Y] -= 1
        dlogits /= n
        dhpreact = (1.0 - h**2) * (dlogits @ W2.T)
        dhprebn = gain * bnvar_inv / n
        dhprebn = dhprebn * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
        demb, dC = (dhprebn @ W1.T).view(emb.shape), torch.zeros_like(C)
        for k in range(X.shape[0]):
            for j in range(X.shape[1]):
                dC[X[k, j]] += demb[k, j]
        by_hand = [dlogits, h.T @ dlogits, dlogits.sum(0), (dhpreact * bnraw).sum(0, keepdim=True)]
        by_hand += [dhprebn, embcat.T @ dhprebn, dC]
        automatic = [logits, W2, b2, gain, hprebn, W1, C]
        assert all(torch.allclose(a, t.grad, atol=1e-6) for a, t in zip(by_hand, automatic))

    # pairs of characters, joined level by level
    class FlattenConsecutive(torch.nn.Module):
        def forward(self, x):
            x = x.view(x.shape[0], x.shape[1] // 2, x.shape[2] * 2)
            return x.squeeze(1) if x.shape[1] == 1 else x

    class LastFeatures(torch.nn.Module):
        def __init__(self, count):
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(count)

        def forward(self, x):
            return self.norm(x) if x.ndim == 2 else self.norm(x.transpose(1, 2)).transpose(1, 2).contiguous()

    layers = [torch.nn.Embedding(size, 6)]
    for width in (12, 24):
        layers += [
            FlattenConsecutive(),
            torch.nn.Linear(width, 12, bias=False),
            LastFeatures(12),
            torch.nn.Tanh(),
        ]
    net = fill(torch.nn.Sequential(*layers, torch.nn.Linear(12, size)))
    losses = []
    for i in range(6):
        batch = torch.arange(16) * (i + 1) % n
        loss = F.cross_entropy(net(X[batch]), Y[batch])
        for p in net.parameters():
            p.grad = None
        loss.backward()
        for p in net.parameters():
            p.data += -0.1 * p.grad
        losses.append(loss.item())
    net.eval()
    found = [t.grad for t in (*parameters, *steps) if t is not b1 and t is not bnmeani]  # these are 0
    return [pairs, found, losses, net(X[:8]), dict(net.state_dict())]


PROGRAMS = {
    "gpt": ("numpy", gpt),
    "makemore": ("numpy", makemore),
    "d2l": ("d2l torchvision matplotlib pandas IPython requests", d2l),
    "llms_from_scratch": ("llms_from_scratch tiktoken", llms_from_scratch),
}
