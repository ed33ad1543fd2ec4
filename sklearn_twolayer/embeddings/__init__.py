"""First layers: primitives, operators that combine them, and named architectures."""

from ._base import Concatenation, Embedding, Operator, Parameter, Product, Sum
from ._dense import Dense, Passthrough
from ._presets import PRESETS, as_embedding
from ._radial import Radial

__all__ = [
    "PRESETS",
    "Concatenation",
    "Dense",
    "Embedding",
    "Operator",
    "Parameter",
    "Passthrough",
    "Product",
    "Radial",
    "Sum",
    "as_embedding",
]
