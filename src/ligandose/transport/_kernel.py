"""How the functions of the transport engine are compiled.

One source serves both machines: a function marked `kernel` is compiled for the processor when
called from compiled code there, and for CUDA when called from a CUDA kernel (numba turns
dispatchers that it meets in device code into device functions). Such functions use scalars, named
tuples of arrays and other kernels; they do not allocate and do not raise, so they are compiled
without counting references: two threads that count those of the same tables wait for each other.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

from numba import njit

# Division by zero gives infinity, as in NumPy: no checks inside the loops. Contraction lets the
# compiler use fused multiply-add; nothing is reordered, so results do not depend on the threads.
_OPTIONS = {
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp"},
    "_nrt": False,
}
kernel = njit(**_OPTIONS)  # pyright: ignore
# for the innermost functions, whose call would take as long as they do
inlined = njit(forceinline=True, **_OPTIONS)  # pyright: ignore
