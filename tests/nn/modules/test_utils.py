"""Numbers repeated for each dimension."""


def test_repeaters():
    from mytorch.nn.modules.utils import _pair, _triple

    assert (_pair(2), _pair([1, 3]), _triple(0)) == ((2, 2), (1, 3), (0, 0, 0))
