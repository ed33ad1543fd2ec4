"""Named architectures, as expressions."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .._sizes import UNITS_OF_PRESET
from ._base import Embedding, check_depth
from ._dense import Dense
from ._radial import Radial


class Preset(NamedTuple):
    """An architecture, as a function of its width and, if it has one, its activation."""

    expression: Callable[..., Embedding]
    takes_activation: bool


PRESETS: dict[str, Preset] = {
    "linear": Preset(lambda n: Dense(n, "identity"), False),  # TWO.45
    "dense": Preset(lambda n, phi: Dense(n, phi), True),  # TWO.46
    "skip": Preset(lambda n, phi: Dense(n, "identity") | Dense(n, phi), True),  # TWO.25
    "residual": Preset(lambda n, phi: Dense(n, "identity") + Dense(n, phi), True),  # TWO.26
    "parallel": Preset(lambda n, phi: Dense(n, phi) | Dense(n, "sin"), True),  # TWO.27
    "product": Preset(lambda n: Dense(n, "identity") * Dense(n, "identity"), False),
    "gated": Preset(lambda n: Dense(n, "sigmoid") * Dense(n, "identity"), False),  # TWO.28
    "softmax_gated": Preset(lambda n: Dense(n, "softmax") * Dense(n, "identity"), False),
    "rbf": Preset(lambda n: Radial(n), False),  # TWO.32
}


def as_embedding(value: Any, n_units: int | None = None, activation: Any = None) -> Embedding:
    """Return the embedding given by name or instance.

    Parameters
    ----------
    value : str or Embedding
        The value of the parameter.
    n_units : int, optional
        Width of each branch of a preset, 48 if not given; an error with an instance.
    activation : str, Activation or pair of callables, optional
        Activation of a preset that has one, "relu" if not given; an error elsewhere.

    Returns
    -------
    Embedding
        The expression.

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter would not be used.

    Examples
    --------
    >>> as_embedding("gated", n_units=3)
    Dense(activation='sigmoid', n_units=3) * Dense(activation='identity', n_units=3)
    """
    if isinstance(value, Embedding):
        given = {"n_units": n_units, "activation": activation}
        for name, parameter in given.items():
            if parameter is not None:
                raise ValueError(
                    f"{name}={parameter!r} is for an embedding given by name. Set it in the "
                    f"embedding {value!r} itself, and leave {name} at None."
                )
        return check_depth(value)
    if not isinstance(value, str) or value not in PRESETS:
        raise ValueError(
            f"Unknown embedding {value!r}. Use one of the names {sorted(PRESETS)}, or an "
            "expression such as Dense(50, 'identity') | Dense(50, 'relu')."
        )
    preset = PRESETS[value]
    n_units = UNITS_OF_PRESET if n_units is None else n_units
    if preset.takes_activation:
        return preset.expression(n_units, "relu" if activation is None else activation)
    if activation is not None:
        raise ValueError(
            f"activation={activation!r} is not used by embedding={value!r}: set it to None."
        )
    return preset.expression(n_units)
