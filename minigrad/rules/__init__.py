"""The tables of derivatives. Each file reads like a page at the back of a calculus book."""

from . import elementwise as elementwise
from . import indexing as indexing
from . import linalg as linalg
from . import network as network
from . import reductions as reductions
from . import shaping as shaping
