"""
A search over the parameters of a radial-basis network
======================================================

Number of centres, refinement and penalty of :class:`~sklearn_twolayer.RBFNetwork`, chosen by
cross-validation on scikit-learn's diabetes data.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV

from sklearn_twolayer import RBFNetwork

X, y = load_diabetes(return_X_y=True)
model = RBFNetwork(task="regression", input_map="standard", linear_tail=True, random_state=0)
grid = {
    "n_centers": [10, 30, 100],
    "refine": [None, "width", "width+metric"],
    "alpha": [1e-4, 1e-2, "loo"],
}
search = GridSearchCV(model, grid, cv=5).fit(X, y)
print(search.best_params_, round(search.best_score_, 3))

# %%
# The penalty by leave-one-out
# ----------------------------
# The penalty chosen by leave-one-out within each fit is about as good as the best one of the grid:
# there is no need to search for it.

scores = search.cv_results_["mean_test_score"].reshape(3, 3, 3)  # alpha, n_centers, refine
figure, panels = plt.subplots(1, 3, figsize=(11, 3.5), sharey=True)
for j, (panel, refine) in enumerate(zip(panels, grid["refine"], strict=True)):
    for k, alpha in enumerate(grid["alpha"]):
        panel.plot(grid["n_centers"], scores[k, :, j], "o-", label=f"alpha={alpha!r}")
    panel.set(title=f"refine={refine!r}", xlabel="n_centers", xscale="log")
panels[0].set(ylabel="R², five folds", ylim=(max(0.2, np.min(scores) - 0.02), None))
panels[0].legend()
figure.tight_layout()
plt.show()
