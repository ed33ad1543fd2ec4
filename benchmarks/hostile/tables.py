"""Tables that can be learned from, though some of their numbers are at the edge."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from .containers import contain, vector
from .dice import Dice
from .frames import Dressed

#: What is to be learned, and how often.
PROBLEMS = {
    "two classes": 0.17,
    "classes": 0.17,
    "labels": 0.08,
    "soft classes": 0.05,
    "soft labels": 0.05,
    "real": 0.25,
    "positive": 0.09,
    "several outputs": 0.14,
}
REGRESSION = ("real", "positive", "several outputs")
#: The largest finite number, a little less for sums.
EDGE = 1.7e308


class Table(NamedTuple):
    """Rows, targets and weights as a user hands them over.

    `plain` holds the numbers of the rows before they went into their container; `numbers`
    says what is special about those, in the `label` of it all. `expected`
    says whether a fit "works", is "refused", or "either"; `moderate`, whether all numbers are
    such that a user's transformer can be trusted with them. `dressed` makes rows of other
    numbers, in a data frame where the rows have columns that are no numbers.
    """

    X: Any
    y: Any
    sample_weight: Any
    plain: np.ndarray
    label: str
    numbers: str
    expected: str
    moderate: bool
    dressed: Callable = np.array

    @property
    def is_sparse(self) -> bool:
        """Whether the rows are sparse, those of a data frame too."""
        return sparse.issparse(self.X) or hasattr(self.X, "sparse")

    @property
    def is_tall(self) -> bool:
        """Whether there are so many rows that those of few columns only are quick."""
        return len(self.plain) > 1000


def _few_distinct(dice, X):
    return X[dice.rng.integers(0, min(len(X), 5), len(X))]


def _constant_column(dice, X):
    X[:, 0] = dice.one([0.0, 1.0, -3.7])
    return X


def _zero_inflated(dice, X):
    return np.where(dice.rng.random(X.shape) < 0.8, 0.0, X)


#: Ordinary numbers, made of normal ones.
MODERATE: dict[str, Callable] = {
    "normal": lambda dice, X: X,
    "integers": lambda dice, X: np.round(2 * X),
    "few distinct rows": _few_distinct,
    "a constant column": _constant_column,
    "mostly zeros": _zero_inflated,
    "one-hot": lambda dice, X: (X == X.max(axis=1, keepdims=True)).astype(float),
    "offset": lambda dice, X: X + 1000.0,
    "scales that differ": lambda dice, X: X * 10.0 ** np.arange(-3, X.shape[1] - 3).clip(-3, 3),
    "equal columns": lambda dice, X: np.repeat(X[:, :1], X.shape[1], axis=1),
    "heavy tails": lambda dice, X: np.clip(np.sinh(2 * X), -50, 50),
}


def _one_entry(value):
    def change(dice, X):
        X[dice.integer(0, len(X) - 1), dice.integer(0, X.shape[1] - 1)] = value
        return X

    return change


def _one_column(value):
    def change(dice, X):
        X[:, 0] = value
        return X

    return change


def _both_edges(dice, X):
    X[:, 0] = np.where(X[:, 0] > 0, EDGE, -EDGE)
    return X


#: Numbers that are finite and no more.
EXTREME: dict[str, Callable] = {
    "rows of 1e-310": lambda dice, X: X * 1e-310,
    "rows of 1e-160": lambda dice, X: X * 1e-160,
    "rows of 1e20": lambda dice, X: X * 1e20,
    "rows of 1e38": lambda dice, X: np.clip(X, -3, 3) * 1e38,
    "rows of 1e155": lambda dice, X: X * 1e155,
    "rows of 1e300": lambda dice, X: X * 1e300,
    "rows of ±1.7e308": _both_edges,
    "an entry of 1e20": _one_entry(1e20),
    "an entry of 1e300": _one_entry(1e300),
    "an entry of -1.7e308": _one_entry(-EDGE),
    "an entry of 1e-310": _one_entry(1e-310),
    "a column of 1e22": _one_column(1e22),
    "a column of 1e300": _one_column(1e300),
    "a column of 1.7e308": _one_column(EDGE),
    "a column of 1e-310": _one_column(1e-310),
    "an offset of 1e9": lambda dice, X: X + 1e9,
    "an offset of 1e16": lambda dice, X: X + 1e16,
    "columns of all scales": lambda dice, X: X * 10.0 ** np.linspace(-300, 300, X.shape[1]),
    "all constant": lambda dice, X: np.full(X.shape, dice.one([0.0, 1.0, 1e300])),
    "one row": lambda dice, X: X[:1],
    "two rows": lambda dice, X: X[:2],
    "three rows": lambda dice, X: X[:3],
}


def draw_shape(dice: Dice) -> tuple[int, int]:
    """Return numbers of rows and columns: small, and now and then another form."""
    form = dice.weighted({"small": 0.8, "one column": 0.08, "wide": 0.11, "tall": 0.01})
    if form == "wide":
        return dice.integer(12, 15), dice.integer(16, 25)
    if form == "tall":  # several blocks of rows, for the threads
        return 2500, 2
    return dice.integer(12, 50), 1 if form == "one column" else dice.integer(2, 7)


def draw_table(dice: Dice, problem: str) -> Table:
    """Return a table that a fit should take, or may refuse where its numbers are extreme."""
    n, d = draw_shape(dice)
    normal = dice.rng.normal(size=(n, d))
    extreme = dice.weighted({"": 0.66, "X": 0.22, "y": 0.06, "weights": 0.06})
    name = dice.one(EXTREME if extreme == "X" else MODERATE)
    X = (EXTREME if extreme == "X" else MODERATE)[name](dice, normal.copy())
    y_name, y = draw_targets(dice, normal[: len(X)], problem, extreme=extreme == "y")
    weights_name, weights = draw_weights(dice, len(X), extreme=extreme == "weights")
    container, contained = contain(dice, X, rounded=extreme != "X")
    dressed = Dressed(dice, len(X)) if dice.chance(0.15) else np.array
    if dressed is not np.array:
        container, contained = repr(dressed), dressed(X)
    names = {"X": name, "y": y_name, "weights": weights_name}
    label = f"X: {name} in {container}; y: {y_name}; weights: {weights_name}"
    return Table(
        contained,
        vector(dice, y),
        None if weights is None else vector(dice, weights),
        X,
        label,
        f"{extreme}: {names[extreme]}" if extreme else "moderate numbers",
        "either" if extreme else "works",
        extreme != "X" and dressed is np.array,
        dressed,
    )


def draw_targets(dice: Dice, X: np.ndarray, problem: str, *, extreme: bool) -> tuple:
    """Return a name and targets of a problem that depend on the rows."""
    scores = np.column_stack([X[:, 0], X[:, -1] ** 2 - 1, X.sum(axis=1)])
    scores += 0.3 * dice.rng.normal(size=scores.shape)
    if problem in REGRESSION:
        return _real_targets(dice, scores, problem, extreme)
    if problem == "labels":
        return "labels", (scores[:, : dice.integer(2, 3)] > 0).astype(dice.one([int, float, bool]))
    if problem == "soft labels":
        return "soft labels", 1 / (1 + np.exp(-scores))
    if problem == "soft classes":
        shares = np.exp(scores)
        return "soft classes", shares / shares.sum(axis=1, keepdims=True)
    codes = _codes(dice, scores, 2 if problem == "two classes" else dice.integer(3, 5))
    if extreme:
        return _extreme_classes(dice, codes)
    name = dice.one(NAMES)
    return f"{problem}, {name}", NAMES[name](codes)


def _codes(dice, scores, n_classes):
    """Return classes by their ranks, each with a few rows where there are so many."""
    order = scores[:, 0].argsort().argsort()
    return order * n_classes // len(order)


#: Names of classes.
NAMES: dict[str, Callable] = {
    "integers": lambda codes: codes,
    "negative integers": lambda codes: codes - 2,
    "large integers": lambda codes: codes + 2**60,
    "bytes": lambda codes: codes.astype(np.uint8),
    "floats": lambda codes: codes.astype(float),
    "text": lambda codes: np.array(["blue", "green", "red", "", "x" * 50])[codes],
    "objects": lambda codes: np.array(["blue", "green", "red", "", "x"], dtype=object)[codes],
    "first or not": lambda codes: codes == 0,
    "a column": lambda codes: codes[:, None],
}


def _extreme_classes(dice, codes):
    name = dice.one(["one class", "a rare class", "a class for each row"])
    if name == "one class":
        return name, np.full(len(codes), dice.one([0, 1, "red"]))
    if name == "a rare class":
        return name, np.where(np.arange(len(codes)) == dice.integer(0, len(codes) - 1), 9, codes)
    return name, np.arange(len(codes))


def _real_targets(dice, scores, problem, extreme):
    y = scores[:, : dice.integer(2, 3)] if problem == "several outputs" else scores[:, 0]
    if problem == "positive":
        return "positive", np.exp(0.5 * y) * (1.0 if not extreme else dice.one([1e-300, 1e300]))
    if extreme:
        name = dice.one(EXTREME_REALS)
        return name, EXTREME_REALS[name](y)
    name = dice.one(REALS)
    return name, REALS[name](y)


REALS: dict[str, Callable] = {
    "real": lambda y: y,
    "real of float32": lambda y: y.astype(np.float32),
    "integers": lambda y: np.round(5 * y).astype(int),
    "zeros and ones": lambda y: (y > 0).astype(int),
    "booleans": lambda y: y > 0,
    "offset": lambda y: y + 1e5,
    "objects": lambda y: y.astype(object),
    "a column": lambda y: y if y.ndim == 2 else y[:, None],
}
EXTREME_REALS: dict[str, Callable] = {
    "constant": lambda y: np.full(y.shape, 3.0),
    "constant zero": lambda y: np.zeros(y.shape),
    "constant 1.7e308": lambda y: np.full(y.shape, EDGE),
    "1e-310": lambda y: y * 1e-310,
    "1e20": lambda y: y * 1e20,
    "1e155": lambda y: y * 1e155,
    "1e300": lambda y: y * 1e300,
    "±1.7e308": lambda y: np.where(y > 0, EDGE, -EDGE),
    "an outlier of 1e300": lambda y: np.where(y == y.max(), 1e300, y),
    "offset of 1e15": lambda y: y + 1e15,
}


def draw_weights(dice: Dice, n: int, *, extreme: bool) -> tuple[str, np.ndarray | None]:
    """Return a name and weights of the rows, none as often as not."""
    if extreme:
        name = dice.one(EXTREME_WEIGHTS)
        return name, EXTREME_WEIGHTS[name](n)
    if dice.chance(0.65):
        return "none", None
    name = dice.one(WEIGHTS)
    return name, WEIGHTS[name](dice.rng.random(n))


WEIGHTS: dict[str, Callable] = {
    "ones": lambda u: np.ones(len(u)),
    "real": lambda u: u + 0.1,
    "integers": lambda u: 1 + (3 * u).astype(int),
    "float32": lambda u: (u + 0.5).astype(np.float32),
    "small": lambda u: 1e-5 * (u + 0.1),
}


def _one_heavy(light, heavy):
    return lambda n: np.where(np.arange(n) == n // 2, heavy, light)


EXTREME_WEIGHTS: dict[str, Callable] = {
    "1e-310": lambda n: np.full(n, 1e-310),
    "1.7e308": lambda n: np.full(n, EDGE),
    "1 beside 1e-60": _one_heavy(1e-60, 1.0),
    "1e300 beside 1e-300": _one_heavy(1e-300, 1e300),
    "zeros but one": _one_heavy(0.0, 1.0),
    "zeros here and there": lambda n: (np.arange(n) % 3 > 0).astype(float),
    "booleans": lambda n: np.arange(n) % 2 == 0,
}
