"""Sums of products by their equation, against PyTorch."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.draws import arrays
from tests.referee import agree, live

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

TIGHT = 2e-5

EQUATIONS = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij,jk": [(2, 3), (3, 4)],
    "ij,kj->ki": [(2, 3), (4, 3)],
    "i,i->": [(3,), (3,)],
    "i,j->ij": [(3,), (4,)],
    "i,i->i": [(3,), (3,)],
    "ii->i": [(3, 3)],
    "ii": [(3, 3)],
    "ij->ji": [(2, 3)],
    "ij->": [(2, 3)],
    "ij->j": [(2, 3)],
    "ij": [(2, 3)],
    "ba": [(2, 3)],
    "iji->j": [(3, 2, 3)],
    "iii->i": [(3, 3, 3)],
    "bij,bjk->bik": [(5, 2, 3), (5, 3, 4)],
    "bhid,bhjd->bhij": [(2, 3, 4, 5), (2, 3, 6, 5)],
    "bn,anm,bm->ba": [(2, 3), (4, 3, 5), (2, 5)],
    "...ij,...jk->...ik": [(2, 1, 3, 4), (5, 4, 2)],
    "...ij->...ji": [(4, 2, 3)],
    "i...->...": [(2, 3, 4)],
    "...i,...i->...": [(4, 3), (3,)],
    "i...i": [(3, 2, 3)],
    "i->i...": [(3,)],
    "...->...": [(2, 3)],
    "ij,j...->i...": [(2, 3), (3, 4, 5)],
    "ij,ij->ij": [(2, 3), (2, 1)],
    "ij,ij->": [(2, 3), (1, 3)],
    "ij,jk->ik ": [(2, 1), (3, 4)],
    "ij,jk,kl->il": [(2, 3), (3, 4), (4, 5)],
    "ij,jk,kl,lm->im": [(2, 3), (3, 4), (4, 5), (5, 2)],
    "i,ij,j->": [(3,), (3, 4), (4,)],
    "ab,cd,ef->acf": [(2, 3), (4, 2), (3, 5)],
    "ea,fb,abcd,gc,hd->efgh": [(2, 2), (2, 3), (2, 3, 2, 4), (3, 2), (2, 4)],
    " i j , j -> i ": [(2, 3), (3,)],
    "bA,Ab": [(2, 3), (3, 2)],
    "": [()],
    ",i->i": [(), (3,)],
    "i,->i": [(3,), ()],
    ",": [(), ()],
    "ij,jk-> ki": [(0, 3), (3, 4)],
    "ij,jk->ik  ": [(2, 0), (0, 4)],
    "ii,i->i": [(3, 3), (3,)],
    "ij,k->i": [(2, 3), (4,)],
    "i,i,i->i": [(3,), (3,), (3,)],
    "ik,jk,lk->ijl": [(2, 5), (3, 5), (4, 5)],
    "bhwi,hkc,bhwk->bhwc": [(2, 3, 4, 5), (3, 2, 6), (2, 3, 4, 2)],
    # refused
    "ij,jk->ikx": [(2, 3), (3, 4)],
    "ij,jk->iik": [(2, 3), (3, 4)],
    "ij ": [(2, 3), (3, 4)],
    "ij, jk": [(2, 3)],
    "ijk": [(2, 3)],
    "i1": [(2, 3)],
    "ii ": [(2, 3)],
    " ij,jk": [(2, 3), (4, 4)],
    "i. ..j": [(2, 3)],
    "ab->ba->": [(2, 3)],
    "..i": [(2, 3)],
    "...i...": [(2, 3)],
    "ijk...": [(2, 3)],
    "i-j": [(2, 3)],
    "i->j": [(3,)],
    "ij->...": [(2, 3)],
}


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum(equation):
    agree(lambda m, *xs: m.einsum(equation, *xs), arrays(*EQUATIONS[equation]), equation, tolerance=TIGHT)


def test_einsum_with_lists():
    agree(lambda m, x, y: m.einsum(x, [0, 1], y, [1, 2], [0, 2]), arrays((2, 3), (3, 4)), tolerance=TIGHT)
    agree(lambda m, x, y: m.einsum(x, [0, 1], y, [1, 2]), arrays((2, 3), (3, 4)), tolerance=TIGHT)
    agree(
        lambda m, x, y: m.einsum(x, [..., 0], y, [0, 30], [..., 30]),
        arrays((5, 2, 3), (3, 4)),
        tolerance=TIGHT,
    )
    agree(lambda m, x, y: m.einsum("ij,jk", [x, y]), arrays((2, 3), (3, 4)), tolerance=TIGHT)
    agree(lambda m, x: m.einsum(x, [0, 52]), arrays((2, 3)))


def test_einsum_of_integers_and_other_layouts():
    agree(lambda m, x, y: m.einsum("ij,kj->ik", x, y), arrays((2, 3), (4, 3), dtype="int64"))
    agree(
        lambda m, x, y: m.einsum("ji,jk->ik", x[::2], y.T),
        [arrays((6, 2))[0], arrays((4, 3))[0]],
        tolerance=TIGHT,
    )


@st.composite
def equations(draw):
    sizes = dict(zip("abcde", draw(st.lists(st.integers(0, 3), min_size=5, max_size=5))))
    inputs = draw(st.lists(st.lists(st.sampled_from("abcde"), max_size=4), min_size=1, max_size=4))
    known = sorted({letter for labels in inputs for letter in labels})
    output = draw(st.permutations(known))[: draw(st.integers(0, len(known)))] if known else []
    equation = ",".join("".join(labels) for labels in inputs)
    return (equation if draw(st.booleans()) else equation + "->" + "".join(output)), [
        tuple(sizes[c] for c in labels) for labels in inputs
    ]


@live
@settings(max_examples=150, deadline=None)
@given(equations())
def test_random_einsum(case):
    equation, shapes = case
    agree(
        lambda m, *xs: m.einsum(equation, *xs),
        arrays(*shapes, dtype="float64"),
        f"{equation} {shapes}",
        tolerance=1e-9,
    )
