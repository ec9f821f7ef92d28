"""What is probably wrong: the causes, tried in order, each printed only where every redraw agrees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .compare import Numerics
from .report import GradReport
from .subject import Array, Fault, Subject


def diagnose(
    subject: Subject,
    report: GradReport,
    numerics: Numerics,
    analytic: Sequence[Array | Fault | None],
    rng: np.random.Generator,
) -> None:
    """Fill in the causes."""
