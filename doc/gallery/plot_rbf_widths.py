"""
Where each rule for widths fails
================================

The textbook rule h = d_max / √N_E works well in two or three dimensions, and fails in many. In one
dimension, its units are so wide that their activations are nearly the same. The plot shows R² on
new rows against the dimension, for the rules of :class:`~sklearn_twolayer.RBFNetwork`.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np

from sklearn_twolayer import RBFNetwork

RULES = ["dmax", "dmax_dimension", "nearest", "cluster", "loo"]
DIMENSIONS = [1, 2, 3, 5, 7, 10, 15, 20]


def sample(n_rows, dimension, seed):
    """A smooth function of all inputs, of about the same size in every dimension."""
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(n_rows, dimension))
    y = np.sin(X).sum(axis=1) + (X[:, 0] * X[:, -1])
    return X, y / np.sqrt(dimension)


# %%
# A hundred Gaussians on a thousand rows, in the units of the input.

scores = {rule: [] for rule in RULES}
conditions = []
for dimension in DIMENSIONS:
    X, y = sample(1000, dimension, 0)
    X_new, y_new = sample(2000, dimension, 1)
    for rule in RULES:
        model = RBFNetwork(
            100, task="regression", width=rule, refine=None, input_map=None, random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # rows far from all centres
            scores[rule].append(model.fit(X, y).score(X_new, y_new))

figure, panel = plt.subplots(figsize=(7, 4))
for rule, values in scores.items():
    panel.plot(DIMENSIONS, values, "o-", label=rule)
panel.set(xlabel="dimension", ylabel="R² on new rows", ylim=(-0.1, 1.02))
panel.legend()
plt.show()
