"""The Transformer (https://arxiv.org/abs/1706.03762): encoder and decoder layers, stacks of them, and both
together.
"""

from __future__ import annotations

import copy
import math

from ..core.grad_mode import is_grad_enabled
from ..tensors.creation import full
from . import functional as F
from . import init
from .activation import GELU, ReLU
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .multihead_attention import MultiheadAttention
from .normalization import LayerNorm


def _causal_mask(sz, device=None, dtype=None):
    """(sz, sz): -inf above the diagonal, else 0."""
    return full((sz, sz), -math.inf, dtype=dtype, device=device).triu(1)


def _is_causal(mask, is_causal, size):
    """``is_causal``, or, if that is None, whether ``mask`` is the causal one."""
    if is_causal is not None or mask is None:
        return bool(is_causal)
    return (
        mask.is_floating_point()
        and tuple(mask.shape) == (size, size)
        and bool((mask == _causal_mask(size, mask.device, mask.dtype)).all())
    )


def _length(x, batch_first):
    return x.shape[1 if x.ndim == 3 and batch_first else 0]


def _activation(activation):
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


class _Layer(Module):
    """What encoder and decoder layers share: attentions under the names ``attentions``, a feed-forward part,
    and one norm and one dropout for each of these.
    """

    _mytorch_attentions: tuple

    def __init__(
        self,
        d_model,
        nhead,
        dim_feedforward=2048,
        dropout=0.1,
        activation=F.relu,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        kind = {"device": device, "dtype": dtype}
        parts = range(1, len(self._mytorch_attentions) + 2)
        for name in self._mytorch_attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **kind)
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **kind)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **kind)
        self.norm_first = norm_first
        for i in parts:
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, **kind))
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation)

    def _mytorch_attend(self, attention, dropout, x, memory, mask, padding, causal):
        return dropout(attention(x, memory, memory, padding, False, mask, is_causal=causal)[0])

    def _mytorch_feed_forward(self, x, dropout):
        return dropout(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoderLayer(_Layer):
    """Self-attention and a feed-forward part, each with a residual connection and layer norm: (T, N, d_model)
    -> the same.

    ``norm_first`` normalizes before each part rather than after; ``activation`` is "relu", "gelu" or a
    function; ``batch_first``: (N, T, d_model).

    Args:
        dropout (float): the probability of zeroing an element in training

    Example:
        >>> layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, batch_first=True)
        >>> layer(mytorch.ones(2, 5, 8)).shape
        mytorch.Size([2, 5, 8])
    """

    _mytorch_attentions = ("self_attn",)

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        """The shape of ``src``. Masks: True for what is not seen, or numbers to add to the scores."""
        x, rest = src, (src_mask, src_key_padding_mask, is_causal)
        if self.norm_first:
            y = self.norm1(x)
            x = x + self._mytorch_attend(self.self_attn, self.dropout1, y, y, *rest)
            return x + self._mytorch_feed_forward(self.norm2(x), self.dropout2)
        x = self.norm1(x + self._mytorch_attend(self.self_attn, self.dropout1, x, x, *rest))
        return self.norm2(x + self._mytorch_feed_forward(x, self.dropout2))


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to ``memory`` and a feed-forward part, each with a residual connection and
    layer norm.

    Args:
        dropout (float): the probability of zeroing an element in training

    Example:
        >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2)
        >>> layer(mytorch.ones(3, 2, 8), mytorch.ones(5, 2, 8)).shape
        mytorch.Size([3, 2, 8])
    """

    _mytorch_attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal=False,
        memory_is_causal=False,
    ):
        """The shape of ``tgt``. Masks: True for what is not seen, or numbers to add to the scores."""
        x, own = tgt, (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        others = (memory_mask, memory_key_padding_mask, memory_is_causal)
        if self.norm_first:
            y = self.norm1(x)
            x = x + self._mytorch_attend(self.self_attn, self.dropout1, y, y, *own)
            x = x + self._mytorch_attend(self.multihead_attn, self.dropout2, self.norm2(x), memory, *others)
            return x + self._mytorch_feed_forward(self.norm3(x), self.dropout3)
        x = self.norm1(x + self._mytorch_attend(self.self_attn, self.dropout1, x, x, *own))
        x = self.norm2(x + self._mytorch_attend(self.multihead_attn, self.dropout2, x, memory, *others))
        return self.norm3(x + self._mytorch_feed_forward(x, self.dropout3))


class TransformerEncoder(Module):
    """``num_layers`` copies of ``encoder_layer`` in sequence, then ``norm``.

    ``enable_nested_tensor``: in eval mode without gradients, padding at the ends of the sequences becomes
    zeros before ``norm``, as on torch's fast path. ``mask_check`` has no effect.

    Args:
        encoder_layer (Module): the layer to copy
        norm (Module): what normalizes the result; None for nothing
        enable_nested_tensor (bool): whether padding at the ends of sequences becomes zeros in eval mode
        mask_check (bool): accepted without effect

    Example:
        >>> layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, batch_first=True)
        >>> nn.TransformerEncoder(layer, num_layers=2)(mytorch.ones(2, 5, 8)).shape
        mytorch.Size([2, 5, 8])
    """

    def __init__(self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True):
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers, self.norm = num_layers, norm
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        """The shape of ``src``. ``is_causal``: whether the mask is the causal one; None: compare them."""
        causal = _is_causal(mask, is_causal, _length(src, self.layers[0].self_attn.batch_first))
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=causal)
        padding = src_key_padding_mask
        if padding is not None and mask is None and self.__drops_padding(src, padding):
            output = output.masked_fill(_hidden(padding)[..., None], 0.0)
        return output if self.norm is None else self.norm(output)

    def __drops_padding(self, src, padding):
        """Whether torch would take its fast path, which writes zeros where ``padding`` is."""
        layer = self.layers[0]
        if not self.enable_nested_tensor or self.training or src.ndim != 3:
            return False
        if not isinstance(layer, TransformerEncoderLayer) or not _is_plain(layer):
            return False
        if is_grad_enabled() and (src.requires_grad or any(p.requires_grad for p in layer.parameters())):
            return False
        hidden = _hidden(padding)
        return bool((hidden[:, 1:] >= hidden[:, :-1]).all())  # padded at the ends only


def _is_plain(layer):
    """Whether torch has a fast path for an encoder layer with these settings."""
    attention, activation = layer.self_attn, layer.activation
    return (
        (
            activation in (F.relu, F.gelu)
            or isinstance(activation, ReLU)
            or (isinstance(activation, GELU) and activation.approximate == "none")
        )
        and attention.batch_first
        and attention.in_proj_bias is not None
        and attention._qkv_same_embed_dim
        and not layer.norm_first
        and layer.norm1.eps == layer.norm2.eps
        and attention.num_heads % 2 == 0
    )


def _hidden(padding):
    """A padding mask as booleans: True for what is not seen."""
    return padding if padding.array.dtype == bool else padding == -math.inf


class TransformerDecoder(Module):
    """``num_layers`` copies of ``decoder_layer`` in sequence, then ``norm``.

    Args:
        decoder_layer (Module): the layer to copy
        norm (Module): what normalizes the result; None for nothing

    Example:
        >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2)
        >>> nn.TransformerDecoder(layer, num_layers=2)(mytorch.ones(3, 2, 8), mytorch.ones(5, 2, 8)).shape
        mytorch.Size([3, 2, 8])
    """

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(decoder_layer) for _ in range(num_layers))
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal=None,
        memory_is_causal=False,
    ):
        """The shape of ``tgt``. ``tgt_is_causal``: whether its mask is the causal one; None: compare them."""
        causal = _is_causal(tgt_mask, tgt_is_causal, _length(tgt, self.layers[0].self_attn.batch_first))
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """Encoder and decoder, with torch's arguments; matrices start xavier-uniform. Inputs (T, N, d_model),
    with ``batch_first`` (N, T, d_model).

    Args:
        num_encoder_layers (int): how many layers the encoder has
        num_decoder_layers (int): how many layers the decoder has
        custom_encoder (Module): an encoder of your own; None makes one
        custom_decoder (Module): a decoder of your own; None makes one

    Example:
        >>> model = nn.Transformer(d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=1)
        >>> model(mytorch.ones(5, 2, 8), mytorch.ones(3, 2, 8)).shape
        mytorch.Size([3, 2, 8])
    """

    def __init__(
        self,
        d_model=512,
        nhead=8,
        num_encoder_layers=6,
        num_decoder_layers=6,
        dim_feedforward=2048,
        dropout=0.1,
        activation=F.relu,
        custom_encoder=None,
        custom_decoder=None,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        kind = {"device": device, "dtype": dtype}
        settings = (d_model, nhead, dim_feedforward, dropout, activation)
        settings += (layer_norm_eps, batch_first, norm_first, bias, device, dtype)
        if custom_encoder is None:
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **kind)
            custom_encoder = TransformerEncoder(TransformerEncoderLayer(*settings), num_encoder_layers, norm)
        if custom_decoder is None:
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **kind)
            custom_decoder = TransformerDecoder(TransformerDecoderLayer(*settings), num_decoder_layers, norm)
        self.encoder, self.decoder = custom_encoder, custom_decoder
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src,
        tgt,
        src_mask=None,
        tgt_mask=None,
        memory_mask=None,
        src_key_padding_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        src_is_causal=None,
        tgt_is_causal=None,
        memory_is_causal=False,
    ):
        """The shape of ``tgt``. RuntimeError for batches or features that do not match."""
        batch_dim = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch_dim] != tgt.shape[batch_dim]:
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    generate_square_subsequent_mask = staticmethod(_causal_mask)
