"""
A radial-basis network in two dimensions
========================================

Centres, widths and the decision surface of :class:`~sklearn_twolayer.RBFNetwork` on two moons:
the textbook network, and the same with one factor on its widths chosen by leave-one-out.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle
from sklearn.datasets import make_moons

from sklearn_twolayer import RBFNetwork

X, y = make_moons(400, noise=0.25, random_state=0)
X_new, y_new = make_moons(2000, noise=0.25, random_state=1)

# %%
# Three stages
# ------------
# Twelve centres come from KMeans on the inputs alone, and their common width is
# h = d_max / √N_E. Then the output layer is fitted; with ``refine="width"``, the widths are first
# multiplied by one factor. Without an input map, everything is in the units of the plot.

models = {
    "textbook": RBFNetwork(12, refine=None, input_map=None, random_state=0),
    "width by leave-one-out": RBFNetwork(
        12, refine="width", input_map=None, linear_tail=False, random_state=0
    ),
}
figure, panels = plt.subplots(1, 2, figsize=(10, 4.5), sharey=True)
ticks = np.linspace(-2, 3, 150)
grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)
for (name, model), panel in zip(models.items(), panels, strict=True):
    model.fit(X, y)
    probability = model.predict_proba(grid.reshape(-1, 2))[:, 1].reshape(grid.shape[:2])
    panel.contourf(
        ticks, ticks, probability, levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.6
    )
    panel.scatter(*X.T, c=y, s=8, cmap="RdBu_r", edgecolor="k", linewidth=0.2)
    for center, width in zip(model.centers_, model.widths_, strict=True):
        panel.add_patch(Circle(center, width, fill=False, color="0.3"))
    panel.plot(*model.centers_.T, "k+")
    h, h_0 = model.widths_[0], model.kmeans_widths_[0]
    panel.set(
        title=f"{name}: h = {h:.2f} (d_max/√N_E = {h_0:.2f})\n"
        f"accuracy on new rows {model.score(X_new, y_new):.3f}",
        xlim=(-2, 3),
        ylim=(-2, 2.5),
    )
figure.tight_layout()

# %%
# How far from the data?
# ----------------------
# A probability does not show whether there were training rows nearby. `score_samples` does: it is
# the logarithm of a density around the centres.

density = models["textbook"].score_samples(grid.reshape(-1, 2)).reshape(grid.shape[:2])
figure, panel = plt.subplots(figsize=(5, 4))
levels = panel.contourf(ticks, ticks, np.maximum(density, -20), levels=20)
panel.scatter(*X.T, c="w", s=2)
panel.set(title="log density of the inputs")
figure.colorbar(levels)
plt.show()
