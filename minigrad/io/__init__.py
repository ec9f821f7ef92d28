"""Saving and loading: states of models, optimizers and whatever else is made of arrays and numbers."""

from .files import load as load
from .files import save as save
