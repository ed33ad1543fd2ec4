"""
A noisy sine, and extrapolation
===============================

Regression on one input: the radial units, their sum, and what each kernel predicts far from the
training rows.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_twolayer import RBFNetwork

rng = np.random.RandomState(0)
x = np.sort(rng.uniform(0, 2 * np.pi, 80))
y = np.sin(x) + 0.15 * rng.normal(size=80)
t = np.linspace(-4, 10, 600)

# %%
# The units and their sum
# -----------------------
# Eight Gaussians of width d_max / √N_E, multiplied by their output weights.

model = RBFNetwork(8, task="regression", refine=None, input_map=None, random_state=0)
model.fit(x[:, None], y)
weights = model.network_.views(model.params_[0]).weights * y.std()
figure, panel = plt.subplots(figsize=(8, 4))
panel.plot(t, model.transform(t[:, None]) * weights.T, "0.7", lw=0.8)
panel.plot(x, y, "k.", label="training rows")
panel.plot(t, model.predict(t[:, None]), "C3", label="prediction")
panel.set(
    ylim=(-4, 4), title=f"leave-one-out error {model.loo_error_:.3f}, α = {model.alpha_:.1e}"
)
panel.legend()

# %%
# Far from the data
# -----------------
# With Gaussians, the prediction moves to the bias within a few widths, with heavy-tailed kernels
# more slowly. Multiquadrics grow with the distance, and a linear tail continues as a line. All of
# them end at the dotted limits: the range of the training targets, extended by half their
# interquartile range.

t = np.linspace(-15, 21, 600)
figure, panel = plt.subplots(figsize=(8, 4))
panel.plot(x, y, "k.")
for kernel in ("gaussian", "cauchy", "multiquadric"):
    model = RBFNetwork(
        8, task="regression", kernel=kernel, refine=None, input_map=None, random_state=0
    )
    panel.plot(t, model.fit(x[:, None], y).predict(t[:, None]), label=kernel)
tail = model.set_params(kernel="gaussian", linear_tail=True).fit(x[:, None], y)
panel.plot(t, tail.predict(t[:, None]), label="gaussian with a linear tail")
low, quarter, three_quarters, high = np.quantile(y, [0, 0.25, 0.75, 1])
margin = (three_quarters - quarter) / 2
panel.hlines([low - margin, high + margin], *t[[0, -1]], "0.7", "dotted")
panel.set(ylim=(-4, 4), title="beyond the data")
panel.legend(loc="upper left", ncols=2)
plt.show()
