"""
Plots of a fitted model: curves, parts, intervals, importances
==============================================================

Four plots of a fitted model: did training go well, how much does each part of the blend
contribute, do intervals have the requested coverage, and which columns matter?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine, make_friedman1
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split

from sklearn_twolayer import TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.inspection import (
    CoverageDisplay,
    ImportanceDisplay,
    LossCurveDisplay,
    PartEffectDisplay,
)

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0)

# %%
# Loss curves
# -----------
# With `early_stopping=True` some rows are set aside, and the iteration that predicts them best is
# kept. If a score is monitored instead of the loss, it has its own axis on the right. For a blend,
# a line shows the loss of the whole model on held-out rows.

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4), layout="constrained")
settings = {"early_stopping": True, "n_estimators": 1, "max_iter": 200, "random_state": 0}
LossCurveDisplay.from_estimator(TwoLayerRegressor(**settings).fit(X_train, y_train), ax=left)
tumours = load_breast_cancer(as_frame=True)
LossCurveDisplay.from_estimator(
    TwoLayerClassifier(scoring="roc_auc", **settings).fit(tumours.data, tumours.target), ax=right
)
LossCurveDisplay.from_estimator(TwoLayerRegressor(random_state=0).fit(X_train, y_train), ax=middle)
left.set_title("Progression of diabetes", loc="left")
middle.set_title("Progression of diabetes, blend", loc="left")
right.set_title("Benign and malignant tumours", loc="left")

# %%
# Parts
# -----
# The default is a sum of several networks, rectified networks and a radial-basis network, each
# multiplied by a factor that is fitted on held-out rows. Pale bars show the spread of the outputs
# of each part, dark bars the spread after multiplication by the factor. It differs between tables.

model = TwoLayerRegressor(random_state=0).fit(X_train, y_train)
wine = load_wine(as_frame=True)
fitted = {
    "Progression of diabetes": (model, X_train),
    "Tumours": (
        TwoLayerClassifier(random_state=0).fit(tumours.data, tumours.target),
        tumours.data,
    ),
    "Wines": (TwoLayerClassifier(random_state=0).fit(wine.data, wine.target), wine.data),
}
figure, panels = plt.subplots(1, 3, figsize=(13, 3.2), layout="constrained")
for ax, (title, (estimator, rows)) in zip(panels, fitted.items(), strict=True):
    PartEffectDisplay.from_estimator(estimator, rows, ax=ax)
    ax.set_title(title, loc="left")
    ax.label_outer()

# %%
# Intervals
# ---------
# `predict_interval` uses errors on held-out rows, so the coverage is as requested, up to chance
# (the grey band). Intervals from the errors on training rows are too narrow: their points lie
# below the diagonal.

COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)

rows, target = make_friedman1(2000, noise=3, random_state=0)
train, test = slice(0, 600), slice(600, None)
model = TwoLayerRegressor(random_state=0).fit(rows[train], target[train])
predicted = model.predict(rows)
errors = np.abs(target - predicted)[train]
widths = {coverage: np.quantile(errors, coverage) for coverage in COVERAGES}
narrow = {
    coverage: np.stack([predicted[test] - width, predicted[test] + width], axis=1)
    for coverage, width in widths.items()
}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
CoverageDisplay.from_predictions(target[test], narrow, ax=left)
CoverageDisplay.from_estimator(model, rows[test], target[test], coverages=COVERAGES, ax=right)
left.set_title("From the errors on training rows", loc="left")
right.set_title("predict_interval", loc="left")

# %%
# Importances
# -----------
# `feature_importances_` needs no targets. `from_importances` takes the output of scikit-learn's
# `permutation_importance`: the decrease of R² when a column is shuffled.

model = TwoLayerRegressor(random_state=0).fit(X_train, y_train)
worth = permutation_importance(model, X_test, y_test, n_repeats=5, random_state=0)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
ImportanceDisplay.from_estimator(model, k=6, ax=left)
ImportanceDisplay.from_importances(worth.importances_mean, X.columns, k=6, ax=right)
left.set_title("feature_importances_", loc="left")
right.set_title("Permutation importance", loc="left")
