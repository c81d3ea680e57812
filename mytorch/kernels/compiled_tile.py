"""The innermost step of a matrix product, written in LLVM's instructions for numba: a tile kept in registers.

numba's own loops would load and store the sums for each product.
"""

from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

HIGH, WIDE = 4, 16  # rows and columns of a tile: 8 of the 16 registers of AVX2


@intrinsic
def multiply_tile(typing, out, at, step, x, places, base, factors, bias):
    """``out[at + i · step :][:WIDE] = bias[i] + Σ factors[i, j] · x[places[j] + base :][:WIDE]``, for HIGH i.

    ``out`` and ``x`` are flat; nothing checks bounds.
    """
    given = (out, at, step, x, places, base, factors, bias)
    return types.void(*given), _instructions


def _instructions(context, builder, signature, arguments):
    def array(i):
        return make_array(signature.args[i])(context, builder, arguments[i])

    def splat(pointer):
        row = builder.insert_element(ir.Constant(vector, ir.Undefined), builder.load(pointer), zero)
        return builder.shuffle_vector(row, row, ir.Constant(ir.VectorType(ir.IntType(32), WIDE), [0] * WIDE))

    def row(pointer, place):
        return builder.bitcast(builder.gep(pointer, [place]), vector.as_pointer())

    vector, zero = ir.VectorType(ir.FloatType(), WIDE), ir.Constant(ir.IntType(32), 0)
    _, at, step, _, _, base, _, _ = arguments
    out, x, places, factors, bias = (array(i) for i in (0, 3, 4, 6, 7))
    index = base.type
    sums = [
        cgutils.alloca_once_value(builder, splat(builder.gep(bias.data, [index(i)]))) for i in range(HIGH)
    ]
    depth = builder.extract_value(places.shape, 0)
    with cgutils.for_range(builder, depth) as loop:
        place = builder.load(builder.gep(places.data, [loop.index]))
        source = builder.load(row(x.data, builder.add(place, base)), align=4)
        for i, total in enumerate(sums):
            factor = builder.add(loop.index, builder.mul(depth, index(i)))
            factor = splat(builder.gep(factors.data, [factor]))
            product = builder.fmul(factor, source, flags=("contract",))  # rounded once with the sum
            builder.store(builder.fadd(product, builder.load(total), flags=("contract",)), total)
    for i, total in enumerate(sums):
        target = builder.add(at, builder.mul(step, index(i)))
        builder.store(builder.load(total), row(out.data, target), align=4)
    return context.get_dummy_value()
