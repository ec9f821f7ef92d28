"""The tables of derivatives. Each file reads like a page at the back of a calculus book."""

from . import activations as activations
from . import complex as complex
from . import class_losses as class_losses
from . import constants as constants
from . import convolution as convolution
from . import curves as curves
from . import diagonals as diagonals
from . import elementwise as elementwise
from . import indexing as indexing
from . import joining as joining
from . import linalg as linalg
from . import losses as losses
from . import nan_reductions as nan_reductions
from . import network as network
from . import order as order
from . import padding as padding
from . import piecewise as piecewise
from . import pooling as pooling
from . import products as products
from . import quantiles as quantiles
from . import reductions as reductions
from . import repeating as repeating
from . import scans as scans
from . import scattering as scattering
from . import shaping as shaping
from . import special as special
