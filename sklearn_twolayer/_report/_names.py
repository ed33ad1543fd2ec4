"""Names in messages."""

from difflib import get_close_matches

#: Maximum number of names in a sentence.
MOST_NAMES = 40


def listed(names: list[str], most: int = MOST_NAMES) -> str:
    """Return names for a sentence; only the first ones if there are many.

    Examples
    --------
    >>> listed(["age", "sex", "fare"], 2)
    'age, sex, …'
    """
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def suggested(wanted: str, names: list[str]) -> str:
    """Return the names that resemble an unknown one, or if there are none, those that exist.

    Examples
    --------
    >>> suggested("Fair", ["age", "fare"]), suggested("x", ["age", "fare"])
    ('did you mean fare?', 'available: age, fare')
    """
    folded = {name.casefold(): name for name in names}
    near = [folded[name] for name in get_close_matches(wanted.casefold(), folded)]
    return f"did you mean {' or '.join(near)}?" if near else f"available: {listed(names)}"
