"""
Losses: quantiles and outliers
==============================

The loss determines what a regression predicts: the mean (`squared_error`), the median
(`absolute_error`), any quantile (`quantile`), or a value between mean and median that is robust to
outliers (`huber`, `log_cosh`).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import ShuffleSplit

from sklearn_twolayer import Adam, Dense, TwoLayerRegressor
from sklearn_twolayer.losses import Quantile

BLUE, ORANGE, GREY = "#2f6db5", "#e08214", "#8c8c8c"
table, progression = load_diabetes(as_frame=True, return_X_y=True, scaled=False)
y = progression.to_numpy()

# %%
# Quantiles
# ---------
# Three models predict the 10 %, 50 % and 90 % quantiles of the progression of the disease from the
# body-mass index alone. A few smooth units are enough.

bmi = table[["bmi"]].to_numpy()
line = np.linspace(bmi.min(), bmi.max(), 200)[:, None]
bands = {}
for q in (0.1, 0.5, 0.9):
    model = TwoLayerRegressor(
        Dense(5, "tanh"),
        loss=Quantile(q),
        input_map="standard",
        alpha=0.01,
        solver=Adam(learning_rate=0.02, batch_size=64),
        max_iter=150,
        n_estimators=4,
        random_state=0,
    ).fit(bmi, y)
    bands[q] = model.predict(line)
    print(f"below the {q:.0%} quantile: {np.mean(y < model.predict(bmi)):.0%} of the rows")

# %%
# Outliers
# --------
# Next, some targets of the training rows are ten times too large, as if a decimal point had been
# lost. All columns are used, and the error is measured on test rows without such outliers.

LOSSES = {"squared_error": ORANGE, "huber": BLUE, "absolute_error": GREY}
shares = [0.0, 0.02, 0.05, 0.1]
splits = list(ShuffleSplit(5, test_size=0.3, random_state=0).split(table))
errors = {loss: np.empty((len(shares), len(splits))) for loss in LOSSES}
for i, share in enumerate(shares):
    for j, (train, test) in enumerate(splits):
        spoilt = np.where(np.random.default_rng(j).random(len(train)) < share, 10, 1) * y[train]
        for loss in LOSSES:
            model = TwoLayerRegressor(
                Dense(20, "tanh"),
                loss=loss,
                input_map="standard",
                alpha=0.05,
                solver=Adam(learning_rate=0.02, batch_size=64),
                max_iter=60,
                n_estimators=1,
                random_state=0,
            ).fit(table.iloc[train], spoilt)
            errors[loss][i, j] = mean_absolute_error(y[test], model.predict(table.iloc[test]))

# %%
# The absolute error is hardly affected. Huber's loss becomes linear at a multiple of the standard
# deviation of the targets, which many outliers inflate; you can set a smaller `delta`.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
left.scatter(bmi[:, 0], y, s=10, color=GREY, alpha=0.5, linewidths=0)
left.fill_between(line[:, 0], bands[0.1], bands[0.9], color=BLUE, alpha=0.15, linewidth=0)
left.plot(line[:, 0], bands[0.5], color=BLUE, lw=2)
for q, band in bands.items():
    left.annotate(f"{q:.0%}", (line[-1, 0], band[-1]), (4, 0), textcoords="offset points",
                  va="center", color=BLUE)  # fmt: skip
left.set(xlabel="body-mass index", ylabel="progression of the disease")
left.set_title("Quantiles", loc="left")
for loss, colour in LOSSES.items():
    right.plot(shares, errors[loss].mean(axis=1), "o-", color=colour, label=loss)
right.set_ylim(bottom=0)
right.xaxis.set_major_formatter(lambda value, position: f"{value:.0%}")
right.set(xlabel="training targets spoilt", ylabel="mean absolute error on clean test rows")
right.set_title("Outliers", loc="left")
right.legend(frameon=False)
for axes in (left, right):
    axes.spines[["top", "right"]].set_visible(False)
