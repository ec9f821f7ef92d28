"""Data to learn on: real handwritten digits, toy sets in the plane, and minibatches of any."""

from .batches import batches as batches
from .batches import split as split
from .digits import Digits as Digits
from .digits import digits as digits
from .toys import circles as circles
from .toys import moons as moons
from .toys import spirals as spirals
