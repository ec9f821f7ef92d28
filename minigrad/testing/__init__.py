"""What people who write ops test them with.

    import minigrad as mg
    from my_ops import my_op

    test_my_op = mg.testing.op_test(my_op)

That line draws arguments, compares the derivatives with numerical ones, and holds the op to the laws. Arguments are
drawn from the op's signature and domain; where they cannot be guessed, say how:

    @mg.testing.inputs_of(my_op)
    def _(draw):
        x = draw(mg.testing.arrays(domain=(0, 1)))
        return mg.testing.call(x, axis=draw(mg.testing.axes(x.ndim)))

arrays      hypothesis strategies: shapes, arrays, several arrays that broadcast, axes, indices, matrices
values      what they are filled with, and in which memory layout, as plain functions
inference   calls drawn from a signature
inputs      how calls of the built-in ops are drawn
laws        what an op must obey besides having right derivatives
"""

from __future__ import annotations

from .arrays import arrays as arrays
from .arrays import axes as axes
from .arrays import axis as axis
from .arrays import broadcastable as broadcastable
from .arrays import complex_dtypes as complex_dtypes
from .arrays import dtypes as dtypes
from .arrays import index_arrays as index_arrays
from .arrays import indices as indices
from .arrays import kinds as kinds
from .arrays import layouts as layouts
from .arrays import masks as masks
from .arrays import matrices as matrices
from .arrays import permutations as permutations
from .arrays import reshapes as reshapes
from .arrays import seeds as seeds
from .arrays import several as several
from .arrays import shapes as shapes
from .arrays import slices as slices
from .call import Call as Call
from .call import call as call
from .call import calls as calls
from .examples import examples as examples
from .examples import has_examples as has_examples
from .inputs.table import inputs_of as inputs_of
from .laws import Failure as Failure
from .laws import first_broken as first_broken
from .laws import laws as laws
from .laws import numpy_laws as numpy_laws
from .laws import usable as usable
from .op_test import op_test as op_test
from .values import KINDS as KINDS
from .values import LAYOUTS as LAYOUTS
from .values import conditioned as conditioned
from .values import fill as fill
from .values import laid_out as laid_out
