"""Activations and gradients, layer by layer: where a deep network's signal dies, blows up, saturates or is dead.

X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, look at
networks in this way. Weight gradients alone mislead: where weights are too small they can look flat over the layers,
since small activations meet large gradients from above. So three columns stand side by side.
"""

from .measure import layer_stats as layer_stats
from .report import LayerRow as LayerRow
from .report import LayerStats as LayerStats
