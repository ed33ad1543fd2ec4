"""
What units do: bends, waves and centres
=======================================

An embedding is a set of units, and the linear layer adds them up. `EmbeddingDisplay` shows them:
along one column as curves, each times its output weight, that add up to the output of the
network; in two columns as the lines where they bend, or as circles about their centres.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, make_moons

from sklearn_twolayer import Dense, RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.inspection import EmbeddingDisplay

# %%
# Along one column
# ----------------
# A wave with a jump, seen through three kinds of units. Rectified units bend where there is a dot,
# and are flat on one side of it; sines are waves without a place; a radial unit is a bump about
# its centre. Networks join kinds by `|`: here a sine follows the wave, and the rectified units
# mend what it cannot do.

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(-3, 3, 200))[:, None]
y = np.sin(2 * x[:, 0]) + 0.8 * (x[:, 0] > 0.5) + 0.1 * rng.normal(size=200)

PLAIN = {
    "input_map": "standard",
    "solver": "lbfgs",
    "n_estimators": 1,
    "max_iter": 3000,
    "alpha": 1e-3,
}
MODELS = {
    "Rectified units": TwoLayerRegressor(Dense(24), random_state=0, **PLAIN),
    "Rectified units and a sine": TwoLayerRegressor(
        Dense(10) | Dense(2, "sin"), random_state=1, **PLAIN
    ),
    "Radial units": RBFNetwork(
        16, task="regression", refine=None, width="nearest", random_state=0
    ),
}

figure, panels = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
for ax, (title, model) in zip(panels, MODELS.items(), strict=True):
    EmbeddingDisplay.from_estimator(model.fit(x, y), x, ax=ax)
    ax.set_title(title, loc="left")

# %%
# In two columns
# --------------
# Two half-moons. Red and blue are the log-odds of the two classes, for which the display shades
# the plane. Between the lines a rectified network is linear: its classes meet in straight pieces.
# A softer unit, the hyperbolic tangent, has a step along its line. The circles are one width about
# the centres of radial units; the darker a unit is drawn, the more it does.

moons, label = make_moons(300, noise=0.2, random_state=0)
KINDS = {
    "Rectified units": TwoLayerClassifier(Dense(12), random_state=0, **PLAIN),
    "Steps": TwoLayerClassifier(Dense(6, "tanh"), random_state=0, **PLAIN),
    "Radial units": RBFNetwork(16, refine=None, width="nearest", random_state=0),
}

figure, panels = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
for ax, (title, model) in zip(panels, KINDS.items(), strict=True):
    EmbeddingDisplay.from_estimator(model.fit(moons, label), moons, ax=ax)
    ax.set_title(title, loc="left")

# %%
# Two columns of a table
# ----------------------
# Of a table with more columns one or two are named; the others stay at their medians. The default
# is a sum of parts, each of several networks: `part` and `network` choose one. The units of the
# radial part are so wide that only their centres are in the picture. Grey dots are the patients:
# what happens where there are none need not be believed.

X, progression = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
model = TwoLayerRegressor(random_state=0).fit(X, progression)

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
columns = {"features": ["bmi", "s5"]}
EmbeddingDisplay.from_estimator(model, X, **columns, max_units=30, ax=left)
EmbeddingDisplay.from_estimator(model, X, **columns, part=2, ax=right)
left.set_title("The first of the networks, 30 of its units", loc="left")
right.set_title("The radial-basis network", loc="left")
