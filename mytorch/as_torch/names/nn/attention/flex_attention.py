"""``torch.nn.attention.flex_attention``: attention with scores that a function changes, which is compiled."""

from .....as_torch.refused import classes, functions

_REASON = "use scaled_dot_product_attention with a mask"
globals().update(
    functions(
        "torch.nn.attention.flex_attention",
        "and_masks create_block_mask create_mask flex_attention or_masks",
        _REASON,
    )
)
globals().update(classes("torch.nn.attention.flex_attention", "BlockMask", _REASON))
