"""The marts that SQL gives only the beginning of: what is made of its rows, by mart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa

from transforms.marts.change_points import change_points
from transforms.marts.strategy_preference import strategy_preference

AFTER: Final[Mapping[str, Callable[[pa.Table], pa.Table]]] = {
    "change_points": change_points,
    "strategy_preference": strategy_preference,
}
