"""Pictures of computation graphs."""

from .drawing import Drawing as Drawing
from .drawing import draw as draw
from .explain import BackwardStep as BackwardStep
from .explain import Explanation as Explanation
from .explain import explain as explain
