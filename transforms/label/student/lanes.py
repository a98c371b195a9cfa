# ruff: noqa: ANN001, ANN201, ANN202, ARG001 -- numba gives these functions their arguments
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"
"""Three operations that numba's compiler does not find by itself, written out in the compiler's own language (LLVM).

Eight lanes at a time: of a loop over eight columns it does not know that the arrays do not overlap, and computes one
column after the other. The results are those of the loop, to the last bit: each lane is multiplied, rounded and added.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types as t
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8


def _place(context, builder, kind, array, index, vector):
    """The address of eight cells of an array, from one on."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _spread(builder, number, vector):
    """A number in all lanes."""
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, nothing, zeros)


@intrinsic
def sum_lanes(typing, sums, first, blocks, number, factors, values, skip):
    """`sums[first : first + 8]` = the sum over `blocks[:number]` of factor times eight values.

    A block is a place in units of eight bytes: there stands the factor (float32), and `skip` units on the values
    (int8). The sums stay in registers until the end. float32, in order; nothing is checked.
    """
    signature = t.void(sums, first, blocks, number, factors, values, skip)

    def generate(context, builder, signature, arguments):
        sums, first, blocks, number, factors, values, skip = arguments
        kinds = signature.args
        floats = ir.VectorType(ir.FloatType(), LANES)
        total = cgutils.alloca_once(builder, floats)
        builder.store(ir.Constant(floats, [0.0] * LANES), total)
        places = context.make_array(kinds[2])(context, builder, blocks).data
        scales = context.make_array(kinds[4])(context, builder, factors).data
        with cgutils.for_range(builder, number) as loop:
            block = builder.load(builder.gep(places, [loop.index]))
            one, three = ir.Constant(block.type, 1), ir.Constant(block.type, 3)
            scale = builder.load(builder.gep(scales, [builder.shl(block, one)]))
            at = builder.shl(builder.add(block, skip), three)
            row = _place(
                context, builder, kinds[5], values, at, ir.VectorType(ir.IntType(8), LANES)
            )
            weights = builder.sitofp(builder.load(row, align=1), floats)
            product = builder.fmul(_spread(builder, scale, floats), weights)
            builder.store(builder.fadd(builder.load(total), product), total)
        place = _place(context, builder, kinds[0], sums, first, floats)
        builder.store(builder.load(total), place, align=4)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def add_lanes_wide(typing, sums, first, weights, at, factor):
    """`sums[first : first + 8] += factor * weights[at : at + 8]`; float64 and float32, computed in float64."""
    signature = t.void(sums, first, weights, at, factor)

    def generate(context, builder, signature, arguments):
        sums, first, weights, at, factor = arguments
        kinds = signature.args
        wide = ir.VectorType(ir.DoubleType(), LANES)
        row = _place(context, builder, kinds[2], weights, at, ir.VectorType(ir.FloatType(), LANES))
        place = _place(context, builder, kinds[0], sums, first, wide)
        product = builder.fmul(
            _spread(builder, factor, wide), builder.fpext(builder.load(row, align=4), wide)
        )
        builder.store(builder.fadd(builder.load(place, align=8), product), place, align=8)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def prefetch(typing, array, index):
    """Ask for the cache line of `array[index]`, which is read soon; nothing is checked, and nothing comes of it."""
    signature = t.void(array, index)

    def generate(context, builder, signature, arguments):
        array, index = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        byte = ir.IntType(8).as_pointer()
        place = builder.bitcast(builder.gep(data, [index]), byte)
        whole = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        # for reading, to be kept in all caches, of data
        builder.call(call, [place, whole(0), whole(3), whole(1)])
        return context.get_dummy_value()

    return signature, generate
