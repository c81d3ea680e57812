"""Recurrent networks, attention and convolutions over sequences."""

from __future__ import annotations

from .training import data, tokens, trainer


def lstm(torch, batch=64):
    """LSTM 28-64 over 28 steps, a linear layer on the last state, Adam."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(28, 64, batch_first=True)
            self.head = torch.nn.Linear(64, 10)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    return trainer(torch, Net(), lambda p: torch.optim.Adam(p, lr=1e-3), *data(torch, batch, 28, 28))


def gru(torch, batch=32):
    """Bidirectional GRU 48-96 over 50 steps, a linear layer on the last state, Adam."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = torch.nn.GRU(48, 96, batch_first=True, bidirectional=True)
            self.head = torch.nn.Linear(192, 10)

        def forward(self, x):
            return self.head(self.gru(x)[0][:, -1])

    return trainer(torch, Net(), lambda p: torch.optim.Adam(p, lr=1e-3), *data(torch, batch, 50, 48))


def transformer(torch, batch=32):
    """One encoder layer, d = 64, 4 heads, 32 tokens, mean over time, AdamW."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
            self.head = torch.nn.Linear(64, 10)

        def forward(self, x):
            return self.head(self.layer(x).mean(1))

    return trainer(torch, Net(), lambda p: torch.optim.AdamW(p, lr=1e-3), *data(torch, batch, 32, 64))


def _token_loss(torch):
    """The cross-entropy of (N, L, words) scores for (N, L) words."""
    return lambda scores, y: torch.nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten())


def gpt(torch, batch=8, length=64, width=128, words=256):
    """GPT: 2 layers, width 128, 4 heads, causal attention, LayerNorm, GELU, clipping, AdamW."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x):
            q, k, v = (
                part.view(batch, length, 4, width // 4).transpose(1, 2)
                for part in self.qkv(self.norm1(x)).split(width, dim=2)
            )
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(batch, length, width))
            return x + self.mlp(self.norm2(x))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.places = nn.Embedding(words, width), nn.Embedding(length, width)
            self.blocks = nn.Sequential(Block(), Block())
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)

        def forward(self, x):
            return self.head(self.norm(self.blocks(self.words(x) + self.places(torch.arange(length)))))

    return trainer(
        torch,
        Net(),
        lambda p: torch.optim.AdamW(p, lr=3e-4),
        *tokens(torch, batch, length, words),
        loss=_token_loss(torch),
        clip=1.0,
    )


def _language_model(torch, kind, words, width, layers):
    """An embedding, a recurrent network, and a score for each word."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.words = torch.nn.Embedding(words, width)
            self.recurrent = kind(width, width, num_layers=layers, batch_first=True)
            self.head = torch.nn.Linear(width, words)

        def forward(self, x):
            return self.head(self.recurrent(self.words(x))[0])

    return Net()


def word_lstm(torch, batch=16, length=32, words=2000, width=128):
    """Two-layer word LSTM over 2,000 words, clipping, SGD."""
    return trainer(
        torch,
        _language_model(torch, torch.nn.LSTM, words, width, 2),
        lambda p: torch.optim.SGD(p, lr=1.0),
        *tokens(torch, batch, length, words),
        loss=_token_loss(torch),
        clip=0.25,
    )


def text_gru(torch, batch=32, length=64, words=96, width=128):
    """One-layer GRU over characters, Adam."""
    return trainer(
        torch,
        _language_model(torch, torch.nn.GRU, words, width, 1),
        lambda p: torch.optim.Adam(p, lr=1e-3),
        *tokens(torch, batch, length, words),
        loss=_token_loss(torch),
    )


def dilated(torch, batch=8, length=256, width=32):
    """Four residual 1-D convolutions with dilations 1, 2, 4, 8 over 256 steps, Adam."""
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv1d(1, width, 1)
            self.layers = nn.ModuleList(
                nn.Conv1d(width, width, 3, padding=d, dilation=d) for d in (1, 2, 4, 8)
            )
            self.head = nn.Linear(width, 10)

        def forward(self, x):
            x = self.first(x)
            for layer in self.layers:
                x = x + torch.relu(layer(x))
            return self.head(x.mean(2))

    return trainer(torch, Net(), lambda p: torch.optim.Adam(p, lr=1e-3), *data(torch, batch, 1, length))
