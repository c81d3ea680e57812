"""The types in annotations that TorchScript's compiler reads."""

from typing import Any, Dict, Final, List, Optional, Tuple, Union


class BroadcastingListCls:
    """``BroadcastingList2[int]``: a number for all, or a list with one for each."""

    def __getitem__(self, types):
        return None


BroadcastingList1, BroadcastingList2, BroadcastingList3 = (BroadcastingListCls() for _ in range(3))
