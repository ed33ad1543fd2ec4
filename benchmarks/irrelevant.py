"""The defaults on tables with many columns of noise: `python -m benchmarks.irrelevant`.

The tables are simulated: a smooth function of five columns (Friedman, 1991), a sign that depends
on the product of two columns and a threshold of a third ("product"), a class that needs three
thresholds at once ("rule"), and scikit-learn's clusters. 4,000 further rows are for the test.
"""

import argparse
from collections.abc import Iterator

import numpy as np
from sklearn.datasets import make_classification, make_friedman1

from sklearn_twolayer._report._table import CLASSIFICATION, REGRESSION

from .accuracy.evaluation import evaluate
from .accuracy.models import all_models
from .accuracy.tables import PreparedTable
from .page import aligned

N_TEST = 4000
#: Rows for training, and columns.
SIZES = [(300, 50), (500, 200), (2000, 200), (3000, 100)]
MODELS = ("TwoLayer", "RBFNetwork", "CatBoost", "LightGBM", "RandomForest", "Linear")


def simulated(n_rows: int, n_columns: int, seed: int) -> Iterator[PreparedTable]:
    """Yield tables with the rows for training first."""
    n = n_rows + N_TEST
    rng = np.random.RandomState(seed)
    X, y = make_friedman1(n, n_columns, noise=1.0, random_state=seed)
    yield PreparedTable("smooth", X, y, REGRESSION)
    X = rng.normal(size=(n, n_columns))
    odds = {
        "product": 2 * np.sign(X[:, 0] * X[:, 1]) + 1.5 * (X[:, 2] > 0.5) - 1,
        "rule": 5.0 * ((X[:, 0] > 0) & (X[:, 1] > 0) & (X[:, 2] > -0.5)) - 1,
    }
    for name, z in odds.items():
        labels = (z + rng.logistic(size=n) > 0).astype(int)
        yield PreparedTable(name, X, labels, CLASSIFICATION)
    X, y = make_classification(
        n, n_columns, n_informative=8, n_redundant=5, n_classes=3, random_state=seed
    )
    yield PreparedTable("clusters", X, y, CLASSIFICATION)


def main() -> None:
    """Print R² or log-loss, and the seconds of a fit, for each table and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for n_rows, n_columns in SIZES:
        lines = [("table", "measure", *options.models)]
        for table in simulated(n_rows, n_columns, options.seed):
            lines.append(_line(table, n_rows, options))
        print(f"\n{n_rows} rows, {n_columns} columns\n{aligned(lines)}", flush=True)


def _line(table, n_rows, options):
    train, test = np.split(np.arange(len(table.y)), [n_rows])
    models, cells = all_models(table, options.seed), []
    measure = "score" if table.task == REGRESSION else "log_loss"
    for name in options.models:
        if name in models:
            found = evaluate(models[name], table, train, test)
            cells.append(f"{found[measure]:.3f} ({found['fit']:.0f} s)")
        else:
            cells.append("-")
    return table.name, "R²" if table.task == REGRESSION else "log-loss", *cells


if __name__ == "__main__":
    main()
