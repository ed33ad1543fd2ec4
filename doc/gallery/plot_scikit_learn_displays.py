"""
scikit-learn's displays
=======================

The networks work with the displays of scikit-learn: decision boundaries, partial dependence,
calibration and learning curves.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import load_breast_cancer, load_diabetes, make_moons
from sklearn.inspection import DecisionBoundaryDisplay, PartialDependenceDisplay
from sklearn.model_selection import LearningCurveDisplay, ShuffleSplit, train_test_split

from sklearn_twolayer import Dense, RBFNetwork, TwoLayerClassifier, TwoLayerRegressor

BLUE, ORANGE = "#2f6db5", "#e08214"

# %%
# Decision boundaries
# -------------------
# The probability of one class, for two estimators with their defaults and a gated network.

X, y = make_moons(300, noise=0.25, random_state=0)
gated = Dense(20, "sigmoid") * Dense(20, "identity")
MODELS = {
    "TwoLayerClassifier": TwoLayerClassifier(random_state=0),
    "a gated network": TwoLayerClassifier(gated, n_estimators=1, random_state=0),
    "RBFNetwork": RBFNetwork(random_state=0),
}
figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained", sharey=True)
for ax, (title, model) in zip(panels, MODELS.items(), strict=True):
    DecisionBoundaryDisplay.from_estimator(
        model.fit(X, y), X, response_method="predict_proba", class_of_interest=1, ax=ax,
        plot_method="pcolormesh", cmap="PuOr_r", vmin=0, vmax=1, alpha=0.6,
    )  # fmt: skip
    ax.scatter(*X.T, c=np.array(["#542788", "#b35806"])[y], s=16, edgecolors="white", lw=0.5)
    ax.set(title=title, xlabel="", ylabel="")

# %%
# Partial dependence
# ------------------
# The mean prediction if one or two columns had the same value in all rows. A hundred rows are
# enough for a mean.

table, progression = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
regression = TwoLayerRegressor(random_state=0).fit(table, progression)
figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
display = PartialDependenceDisplay.from_estimator(
    regression, table[:100], ["bmi", "s5", ("bmi", "s5")], ax=panels, grid_resolution=25,
    line_kw={"color": BLUE, "lw": 2}, contour_kw={"cmap": "Blues", "alpha": 1},
)  # fmt: skip

# %%
# Calibration and learning curves
# -------------------------------
# Are probabilities of 80 % right in 80 out of 100 cases, and would more rows help?

tumours = load_breast_cancer()
X_train, X_test, y_train, y_test = train_test_split(
    tumours.data, tumours.target, test_size=0.5, random_state=0
)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
models = {
    "TwoLayerClassifier": (TwoLayerClassifier(random_state=0), BLUE),
    "RBFNetwork": (RBFNetwork(random_state=0), ORANGE),
}
for name, (model, colour) in models.items():
    model.fit(X_train, y_train)
    CalibrationDisplay.from_estimator(
        model, X_test, y_test, n_bins=5, name=name, ax=left, color=colour
    )
one = TwoLayerClassifier(n_estimators=1, random_state=0)
LearningCurveDisplay.from_estimator(
    one, tumours.data, tumours.target, cv=ShuffleSplit(4, test_size=0.3, random_state=0), ax=right,
    train_sizes=np.linspace(0.1, 1, 5), scoring="neg_log_loss", negate_score=True,
    score_name="log-loss",
)  # fmt: skip
left.set_title("Calibration", loc="left")
right.set_title("Learning curve of one network", loc="left")
