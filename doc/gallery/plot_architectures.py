"""
Architectures compared on one table
===================================

Every architecture is an expression of embeddings. Here they are compared by cross-validation on
handwritten digits (1797 rows, 64 pixels), with about the same number of parameters and everything
else equal.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

from sklearn_twolayer import Adam, Dense, TwoLayerClassifier

X, y = load_digits(return_X_y=True)

# %%
# The expressions
# ---------------
# Branches are concatenated by ``|``, added by ``+`` and multiplied by ``*``. Radial units are left
# out: in 64 dimensions they need many more centres than the 35 that this number of parameters
# allows.

ARCHITECTURES = {
    "linear": Dense(35, "identity"),
    "one hidden layer": Dense(35, "relu"),
    "skip-connection": Dense(10, "identity") | Dense(25, "relu"),
    "residual": Dense(19, "identity") + Dense(19, "tanh"),
    "parallel": Dense(18, "relu") | Dense(17, "tanh"),
    "product units": Dense(19, "identity") * Dense(19, "identity"),
    "gated by sigmoids": Dense(19, "sigmoid") * Dense(19, "identity"),
    "gated by a softmax": Dense(19, "softmax") * Dense(19, "identity"),
}

# %%
# Cross-validation
# ----------------
# The pixels are alike, so standardising them is enough. One network of each kind is trained on
# each of ten splits, and evaluated by the log-loss on the held-out rows.

splits = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
losses, sizes = {}, {}
for name, embedding in ARCHITECTURES.items():
    model = TwoLayerClassifier(
        embedding,
        input_map="standard",
        solver=Adam(learning_rate=0.02, batch_size=128, weight_decay=0.1),
        max_iter=20,
        n_estimators=1,
        random_state=0,
    )
    losses[name] = -cross_val_score(model, X, y, cv=splits, scoring="neg_log_loss")
    sizes[name] = model.fit(X[:100], y[:100]).params_.size

# %%
# Each small dot is a split, each large dot the mean. All networks use the same splits, so the
# order of the means is more reliable than the spread of the dots suggests.

order = sorted(losses, key=lambda name: losses[name].mean(), reverse=True)
figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
for height, name in enumerate(order):
    axes.scatter(losses[name], np.full(len(losses[name]), height), s=14, color="#b8c7dc")
    axes.scatter(losses[name].mean(), height, s=60, color="#2f6db5", zorder=3)
axes.set_yticks(range(len(order)), [f"{name} ({sizes[name]:,} parameters)" for name in order])
axes.set_xlabel("log-loss on held-out rows (lower is better)")
axes.set_xlim(left=0)
axes.grid(axis="x", color="#e6e6e6")
axes.set_axisbelow(True)
axes.spines[["top", "right", "left"]].set_visible(False)
axes.tick_params(left=False)
