"""Is the gradient right? The numerical derivative, the check of a function, of an op, and of a whole model."""

from .gradcheck import gradcheck as gradcheck
from .models import ModelReport as ModelReport
from .models import check_model as check_model
from .numerical import NumericalGradient as NumericalGradient
from .numerical import numerical_gradient as numerical_gradient
from .ops import OpReport as OpReport
from .ops import check_op as check_op
from .report import GradReport as GradReport
from .report import InputReport as InputReport
from .report import Verdict as Verdict
