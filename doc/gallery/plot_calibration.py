"""
Calibrated probabilities
========================

A classifier is calibrated if 80 % of the cases with a predicted probability of 80 % are positive.
Networks trained for a long time tend to be overconfident. A blend of several networks corrects
this: each network leaves out some of the rows, and its outputs on these rows show how much its
probabilities have to be reduced, and how much weight a radial-basis network deserves.

The task is to predict whether the disease of a diabetes patient progresses faster than the median.
The table contains limited information about this, so calibrated probabilities are rarely near zero
or one.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_diabetes
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_twolayer import Adam, TwoLayerClassifier

X, progression = load_diabetes(return_X_y=True)
y = (progression > np.median(progression)).astype(int)

# %%
# Four models
# -----------
# All networks have 100 units and are trained for many epochs, the MLP until its loss no longer
# decreases. This is too long for 354 rows; fewer epochs would help all of them, if we knew how
# many.

settings = {
    "input_map": "standard",
    "solver": Adam(learning_rate=0.01, batch_size=200),
    "max_iter": 100,
    "n_estimators": 6,
    "random_state": 0,
}
MODELS = {
    "MLPClassifier": make_pipeline(
        StandardScaler(),
        MLPClassifier(100, learning_rate_init=0.01, max_iter=1000, random_state=0),
    ),
    "6 networks, averaged": TwoLayerClassifier(blend="mean", **settings),
    "6 networks, scaled": TwoLayerClassifier(blend="scale", **settings),
    "6 networks and a radial one": TwoLayerClassifier(**settings),
}

# %%
# Each row is predicted by models that were trained without it.

folds = StratifiedKFold(5, shuffle=True, random_state=0)
predicted = {}
for name, model in MODELS.items():
    p = cross_val_predict(model, X, y, cv=folds, method="predict_proba")[:, 1]
    predicted[name] = p
    print(f"{name:28} log-loss {log_loss(y, p):.2f}, accuracy {accuracy_score(y, p > 0.5):.2f}")

first, second, third = TwoLayerClassifier(**settings).fit(X, y).blend_weights_[:3]
print(f"factors: {first:.2f} networks, {second:.2f} rectified ones, {third:.2f} the radial one")

# %%
# On the diagonal, predicted probabilities match the observed frequencies. If a curve is flatter
# than the diagonal, the model is overconfident, and its histogram has peaks at both ends. Networks
# with a factor are, if anything, slightly underconfident: the factor is fitted to single networks,
# and their average is less confident.

COLOURS = ["#999999", "#e08214", "#7fbf7b", "#2f6db5"]
figure = plt.figure(figsize=(9, 5.6), layout="constrained")
grid = figure.add_gridspec(4, 2, width_ratios=[3, 2])
curves = figure.add_subplot(grid[:, 0])
curves.plot([0, 1], [0, 1], color="#cccccc", lw=1)
histogram = None
for i, (name, p) in enumerate(predicted.items()):
    frequency, probability = calibration_curve(y, p, n_bins=8, strategy="quantile")
    curves.plot(probability, frequency, "o-", ms=4, color=COLOURS[i], label=name)
    histogram = figure.add_subplot(grid[i, 1], sharey=histogram)
    histogram.hist(p, bins=20, range=(0, 1), color=COLOURS[i])
    histogram.set(yticks=[0, 100, 200], ylabel="rows")
    histogram.set_title(f"{name}: log-loss {log_loss(y, p):.2f}", fontsize=9, loc="left")
    histogram.spines[["top", "right"]].set_visible(False)
    if i < 3:
        histogram.set_xticklabels([])
histogram.set_xlabel("predicted probability")
curves.set(xlabel="mean predicted probability", ylabel="fraction of positives")
curves.legend(frameon=False, loc="upper left")
curves.spines[["top", "right"]].set_visible(False)
