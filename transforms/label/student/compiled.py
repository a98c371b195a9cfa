"""How the student's loops are compiled: numba, no interpreter lock, kept on disk if possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba as nb


def compiled(*signature: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function with numba's compiler and its on-disk cache.

    With a signature, the code is compiled or loaded at import; without one, at the first call. The
    cache lies beside the source or, where that is read-only, in the user's cache folder or
    NUMBA_CACHE_DIR; where nothing can be written, the code is compiled in every process.
    """

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        jit: Any = nb.njit  # its stubs know no star arguments
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        try:
            made: Callable[..., Any] = jit(*signature, cache=True, **options)(function)
        except RuntimeError:  # numba's "no locator available"
            made = jit(*signature, **options)(function)
        return made

    return wrap


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a helper that only compiled functions call: it becomes part of them."""
    made: Callable[..., Any] = nb.njit(nogil=True, error_model="numpy")(function)
    return made
