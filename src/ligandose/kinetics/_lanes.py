"""Eight patients side by side: arithmetic on one register of eight doubles.

The solver works on groups of eight patients in lockstep. Arrays hold one row of eight values per
state or rate; these intrinsics load, combine and store a row as one LLVM vector, so that the
compiler emits AVX-512, AVX2 or SSE2 as the machine has it. Numba's own vectorisers do not reach
this: the rows are addressed through index tables, which defeats their alias analysis.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
# pyright: reportUntypedFunctionDecorator=false, reportUntypedClassDecorator=false
# pyright: reportUntypedBaseClass=false, reportUnknownLambdaType=false, reportUnusedFunction=false

from __future__ import annotations

import operator

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_model
from numba.np.arrayobj import make_array

LANES = 8

_DOUBLE = ir.DoubleType()
_VECTOR = ir.VectorType(_DOUBLE, LANES)
_DOUBLE_ALIGNMENT = 8


class _LanesType(types.Type):
    """Numba type of one row."""

    def __init__(self) -> None:
        super().__init__(name="Lanes8")


_lanes = _LanesType()


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, fe_type):
        super().__init__(manager, fe_type, _VECTOR)


def _row_pointer(context, builder, array_type, array, row):
    data = make_array(array_type)(context, builder, array).data
    start = builder.mul(row, ir.Constant(row.type, LANES))
    return builder.bitcast(builder.gep(data, [start]), _VECTOR.as_pointer())


@intrinsic
def load(typing_context, array, row):
    """Return row `row` of a C-contiguous (rows, 8) float64 array."""

    def codegen(context, builder, signature, args):
        index = context.cast(builder, args[1], signature.args[1], types.intp)
        pointer = _row_pointer(context, builder, signature.args[0], args[0], index)
        value = builder.load(pointer)
        value.align = _DOUBLE_ALIGNMENT
        return value

    return _lanes(array, row), codegen


@intrinsic
def store(typing_context, array, row, value):
    """Write a row of a C-contiguous (rows, 8) float64 array."""

    def codegen(context, builder, signature, args):
        index = context.cast(builder, args[1], signature.args[1], types.intp)
        pointer = _row_pointer(context, builder, signature.args[0], args[0], index)
        instruction = builder.store(args[2], pointer)
        instruction.align = _DOUBLE_ALIGNMENT
        return context.get_dummy_value()

    return types.void(array, row, value), codegen


@intrinsic
def splat(typing_context, value):
    """Return a row that holds `value` eight times."""

    def codegen(context, builder, signature, args):
        scalar = context.cast(builder, args[0], signature.args[0], types.float64)
        vector = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(vector, scalar, ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(first, vector, mask)

    return _lanes(value), codegen


def _declared(builder, name, arity):
    """Return LLVM's intrinsic `name` on rows, declared in the module of the builder."""
    signature = ir.FunctionType(_VECTOR, [_VECTOR] * arity)
    return cgutils.get_or_insert_function(builder.module, signature, f"{name}.v{LANES}f64")


def _ternary(name: str):
    @intrinsic
    def operation(typing_context, a, b, c):
        def codegen(context, builder, signature, args):
            return builder.call(_declared(builder, name, len(args)), args)

        return _lanes(a, b, c), codegen

    return operation


def _binary(emit):
    @intrinsic
    def operation(typing_context, a, b):
        def codegen(context, builder, signature, args):
            return emit(builder, *args)

        return _lanes(a, b), codegen

    return operation


def _llvm_binary(name: str):
    def emit(builder, a, b):
        return builder.call(_declared(builder, name, 2), [a, b])

    return _binary(emit)


def _emit_absolute(builder, a, b):
    return builder.call(_declared(builder, "llvm.fabs", 1), [a])


multiply_add = _ternary("llvm.fmuladd")
"""a · b + c, fused where the machine can."""

maximum = _llvm_binary("llvm.maxnum")
_absolute = _binary(_emit_absolute)
_add = _binary(lambda builder, a, b: builder.fadd(a, b))
_subtract = _binary(lambda builder, a, b: builder.fsub(a, b))
_multiply = _binary(lambda builder, a, b: builder.fmul(a, b))
_divide = _binary(lambda builder, a, b: builder.fdiv(a, b))


def _overload_operator(function, operation):
    @overload(function, inline="always")
    def implementation(a, b):
        if a is _lanes and b is _lanes:
            return lambda a, b: operation(a, b)
        return None


for _function, _operation in (
    (operator.add, _add),
    (operator.sub, _subtract),
    (operator.mul, _multiply),
    (operator.truediv, _divide),
):
    _overload_operator(_function, _operation)


@overload(abs, inline="always")
def _overload_abs(a):
    if a is _lanes:
        return lambda a: _absolute(a, a)  # pyright: ignore[reportCallIssue]  (see _lanes.pyi)
    return None
