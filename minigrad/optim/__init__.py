"""Optimizers: how parameters follow their gradients."""

from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .clip import clip_grad_norm as clip_grad_norm
from .clip import clip_grad_value as clip_grad_value
from .optimizer import Optimizer as Optimizer
from .sgd import SGD as SGD
