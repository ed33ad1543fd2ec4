"""The defaults on pure noise: `python -m benchmarks.noise`.

Inputs and targets are independent. A model is tested on 2,000 further rows: its log-loss minus
that of a constant, or its R², which is zero for a constant; and for `RBFNetwork` the R² according
to `loo_error_` minus the true one.
"""

import argparse
import warnings

import numpy as np
from sklearn.metrics import log_loss

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor

SIZES = [(60, 300), (100, 20), (100, 200), (200, 60), (500, 250)]
N_TEST = 2000
#: The figures of a row, and the worst acceptable value of each.
COLUMNS = (
    ("TwoLayerClassifier", 0.03),
    ("RBFNetwork, classes", 0.03),
    ("TwoLayerRegressor", -0.1),
    ("RBFNetwork, regression", -0.1),
    ("claimed beyond true", 0.15),
)


def noise(n_rows: int, n_columns: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, labels and real targets that are independent, for training and test."""
    rng = np.random.RandomState(seed)
    n = n_rows + N_TEST
    return rng.normal(size=(n, n_columns)), rng.randint(0, 2, n), rng.normal(size=n)


def measure(n_rows: int, n_columns: int, seed: int) -> list[float]:
    """Return the figures of `COLUMNS` for one table."""
    X, labels, y = noise(n_rows, n_columns, seed)
    train, test = slice(0, n_rows), slice(n_rows, None)
    figures = []
    for classifier in (TwoLayerClassifier(random_state=seed), RBFNetwork(random_state=seed)):
        P = classifier.fit(X[train], labels[train]).predict_proba(X[test])
        figures.append(log_loss(labels[test], P) - np.log(2))
    for model in (TwoLayerRegressor(), RBFNetwork(task="regression")):
        model.set_params(random_state=seed).fit(X[train], y[train])
        figures.append(model.score(X[test], y[test]))
    figures.append(1 - model.loo_error_ / y[train].var() - figures[-1])
    return figures


def main() -> None:
    """Print a line for each table, and the worst of each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    seeds = range(parser.parse_args().seeds)
    warnings.simplefilter("ignore")
    rows = []
    for size in SIZES:
        for seed in seeds:
            rows.append(measure(*size, seed))
            line = "  ".join(f"{value:+.3f}" for value in rows[-1])
            print(f"{size[0]:4d} x {size[1]:3d}, seed {seed}:  {line}", flush=True)
    for (name, bound), values in zip(COLUMNS, zip(*rows, strict=True), strict=True):
        worst = min(values) if bound < 0 else max(values)
        print(f"{name}: at worst {worst:+.3f} (bound {bound:+.2f})")


if __name__ == "__main__":
    main()
