"""Parameters as one vector, against PyTorch."""

from tests.draws import draws
from tests.referee import compare, same_error

rng = draws(6)


def test_vectors():
    def call(lib, a, b, v):
        both = lib.nn.utils.parameters_to_vector([a, b])
        ps = [lib.nn.Parameter(lib.zeros(2, 3, dtype=a.dtype)), lib.nn.Parameter(lib.zeros(4, dtype=a.dtype))]
        lib.nn.utils.vector_to_parameters(v.detach(), ps)
        return both, [p.detach() for p in ps]

    compare(call, [rng.standard_normal((2, 3)), rng.standard_normal(4), rng.standard_normal(10)])
    same_error(lambda lib: lib.nn.utils.vector_to_parameters([1.0], []), match="but got: list")
