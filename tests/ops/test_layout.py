"""The order of dimensions in memory, against PyTorch."""

import pytest

from tests.draws import numbers
from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def test_clones_keep_the_order_of_their_dimensions():
    agree(lambda m, x: [y.clone().stride() for y in (x, x.T, x.permute(1, 0))], [numbers((3, 4))])
