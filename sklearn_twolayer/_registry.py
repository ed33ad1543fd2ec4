"""Lookup of objects by name (activations, losses, solvers, ...)."""

from collections.abc import Mapping
from typing import Any

from ._checks import shown


def resolve(
    value: Any, registry: Mapping[str, type], base: type, kind: str, pair: type | None = None
) -> Any:
    """Return the object given by name or instance.

    Parameters
    ----------
    value : str or instance of `base`
        A name in the registry, or an object that is used unchanged.
    registry : mapping of str to class
        The known names; the class is called without arguments.
    base : type
        The class of valid instances.
    kind : str
        The kind of value, for error messages.
    pair : type, optional
        The class that a tuple of two callables stands for.

    Returns
    -------
    instance of `base`
        The object itself, never a copy.

    Raises
    ------
    ValueError
        If `value` is a string that is not in the registry.
    TypeError
        If `value` is neither a string nor an instance of `base`, nor such a tuple.

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
    if pair is not None and isinstance(value, tuple):
        if len(value) != 2 or not all(map(callable, value)):
            raise TypeError(
                f"{kind} given as a tuple must contain two callables, the function and its "
                f"derivative (see {pair.__name__}), got {shown(value)}."
            )
        return pair(*value)
    if not isinstance(value, base) or isinstance(value, type):
        raise TypeError(
            f"{kind} must be one of the names {sorted(registry)} or an instance of "
            f"{base.__name__}, got {shown(value)}."
        )
    return value
