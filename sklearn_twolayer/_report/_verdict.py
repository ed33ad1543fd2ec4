"""The verdict below a table: which model is best, and how certain that is."""

import numpy as np
from scipy import stats

from ._layout import number, shown, size_of
from ._metrics import is_loss, label_of

#: With fewer folds than this, hardly any difference is beyond the noise.
FEW_FOLDS = 5


def ranking(results: dict[str, np.ndarray]) -> list[str]:
    """Return the names of the models that have a score, the best first."""
    means = {name: folds[:, 0].mean() for name, folds in results.items()}
    return sorted((name for name in means if np.isfinite(means[name])), key=lambda n: -means[n])


def noise(differences: np.ndarray) -> float:
    """Return how large the mean difference over folds may be by chance.

    Half the width of a 95 % interval. Folds share training rows, so the variance of the mean is
    corrected (Nadeau & Bengio, 2003).

    Examples
    --------
    >>> round(noise(np.array([0.01, 0.02, 0.03, 0.02, 0.02])), 4)
    0.0132
    """
    n = len(differences)
    spread = np.sqrt((1 / n + 1 / (n - 1)) * differences.var(ddof=1))
    return float(stats.t.ppf(0.975, n - 1) * spread)


def verdict(results: dict[str, np.ndarray], metric: str) -> str:
    """Return which model is best by the first score, and which ones may be as good."""
    if not (names := ranking(results)):
        return "No model could be evaluated."
    best, *others = names
    mean = results[best][:, 0].mean()
    size = size_of(metric, mean)
    text = (
        f"Best by {label_of(metric)}: {best}, {number(-mean if is_loss(metric) else mean, size)}"
    )
    if not others:
        return f"{text}."
    ahead = {name: results[best][:, 0] - results[name][:, 0] for name in others}
    close = [name for name in others if ahead[name].mean() <= noise(ahead[name])]
    margin, chance = ahead[others[0]].mean(), noise(ahead[others[0]])
    text += f", ahead of {others[0]} by {number(margin, size)}, "
    text += "within" if others[0] in close else "more than"
    text += f" the noise of the folds (± {number(chance, size)})."
    if more := [name for name in close if name != others[0]]:
        text += f" Within the noise of the best as well: {', '.join(more)}."
    n_folds = len(results[best])
    if close and n_folds < FEW_FOLDS:
        text += f" With {n_folds} folds even large differences may be chance: try more --folds."
    elif any(name.startswith("Dummy") for name in [best, *close]):
        text += " The dummy ignores all columns: the columns may be uninformative."
    return text


def legend(metrics: list[list[str]]) -> str:
    """Return the meaning of the columns."""
    names = dict.fromkeys(name for each in metrics for name in shown(each))
    hidden = dict.fromkeys(name for each in metrics for name in each if name not in names)
    ways = {"Higher": [n for n in names if not is_loss(n)], "Lower": list(filter(is_loss, names))}
    parts = [f"{way} is better: {', '.join(map(label_of, of))}." for way, of in ways.items() if of]
    if hidden:
        listed = ", ".join(map(label_of, hidden))
        parts.append(f"Not shown, for lack of width: {listed} (--output writes all).")
    return " ".join([*parts, "Fit: processor seconds for one fold."])
