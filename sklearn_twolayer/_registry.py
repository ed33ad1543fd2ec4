"""Look-up of objects by name (activations, losses, solvers, ...)."""

from collections.abc import Mapping
from typing import Any

from ._checks import shown


def resolve(value: Any, registry: Mapping[str, type], base: type, kind: str) -> Any:
    """Return the object that `value` stands for.

    Parameters
    ----------
    value : str or instance of `base`
        A name of the registry, or an object that is used as it is.
    registry : mapping of str to class
        The known names; the class is called without arguments.
    base : type
        The class that an instance has to belong to.
    kind : str
        What the value is, for the error messages.

    Returns
    -------
    instance of `base`
        The object itself, never a copy.

    Raises
    ------
    ValueError
        If `value` is a string that is no name of the registry.
    TypeError
        If `value` is neither a string nor an instance of `base`.

    Examples
    --------
    >>> from sklearn_twolayer.activations import ACTIVATIONS, Activation
    >>> resolve("tanh", ACTIVATIONS, Activation, "activation")
    Tanh()
    """
    if isinstance(value, str):
        if value not in registry:
            known = ", ".join(repr(name) for name in sorted(registry))
            raise ValueError(f"Unknown {kind} {shown(value)}. Known names are {known}.")
        return registry[value]()
    if not isinstance(value, base) or isinstance(value, type):
        raise TypeError(
            f"{kind} must be one of the names {sorted(registry)} or an instance of "
            f"{base.__name__}, got {shown(value)}."
        )
    return value
