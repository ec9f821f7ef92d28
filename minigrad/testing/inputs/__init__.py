"""How to draw calls of the built-in ops, one file for each file of `minigrad.rules`.

Only ops whose inputs cannot be inferred stand here: not the elementwise ones, whose arrays broadcast and whose domain is
declared with their rule.
"""

import importlib
import pkgutil

from .table import inputs as inputs
from .table import inputs_of as inputs_of

for _family in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_family.name}")
