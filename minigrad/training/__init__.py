"""A small training loop, and what it leaves behind."""

from .fit import accuracy as accuracy
from .fit import evaluate as evaluate
from .fit import fit as fit
from .history import History as History
