"""
What units do: kinks, waves and centres
=======================================

An embedding is a set of units, and the linear layer adds them up. `EmbeddingDisplay` shows them:
along one column as curves, multiplied by their output weights, that add up to the output of the
network; in two columns as the lines of their kinks, or as circles around their centres.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, make_moons

from sklearn_twolayer import Dense, RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.inspection import EmbeddingDisplay

# %%
# Along one column
# ----------------
# A wave with a jump, fitted by three kinds of units. A rectified unit has a kink at the dot, and
# is flat on one side of it; sines are waves without a location; a radial unit is a bump around its
# centre. `|` combines kinds: here the sines follow the wave, and the rectified units do the rest.

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
# Two half-moons. The shading, red and blue, shows the log-odds of the two classes. Between the
# lines a rectified network is linear, so its decision boundary consists of straight pieces. A
# smoother unit, the hyperbolic tangent, has a step along its line. The circles have a radius of
# one width around the centres of radial units. Units with a larger effect are drawn darker.

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
# If a table has more columns, select one or two; the others are fixed at their medians. The
# default is a sum of parts, each with several networks: `part` and `network` select one. The units
# of the radial part are so wide that only their centres are visible. Grey dots are the patients:
# do not trust predictions where there are none.

X, progression = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
model = TwoLayerRegressor(random_state=0).fit(X, progression)

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
columns = {"features": ["bmi", "s5"]}
EmbeddingDisplay.from_estimator(model, X, **columns, max_units=30, ax=left)
EmbeddingDisplay.from_estimator(model, X, **columns, part=2, ax=right)
left.set_title("The first of the networks, 30 of its units", loc="left")
right.set_title("The radial-basis network", loc="left")
