"""What packages take from ``torch.utils.data.dataloader`` beside the DataLoader."""

__all__ = ["_DatasetKind"]


class _DatasetKind:
    """Whether a dataset has indices."""

    Map, Iterable = 0, 1
