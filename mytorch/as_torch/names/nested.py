"""``torch.nested``: tensors of sequences of several lengths, which are not here."""

from ..refused import functions

globals().update(
    functions(
        "torch.nested",
        "as_nested_tensor masked_select narrow nested_tensor nested_tensor_from_jagged to_padded_tensor",
        "there are no nested tensors: nn.utils.rnn packs and pads sequences of several lengths",
    )
)
