"""Pictures of computation graphs."""

from .drawing import Drawing as Drawing
from .drawing import draw as draw
