"""Draw the figure of the README: one problem, four embeddings.

python doc/make_readme_plot.py
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from sklearn_twolayer import LBFGS, Dense, TwoLayerClassifier

EMBEDDINGS = {
    'Dense(2, "identity")': Dense(2, "identity"),
    'Dense(8, "relu")': Dense(8, "relu"),
    'Dense(1, "identity") * Dense(1, "identity")': Dense(1, "identity") * Dense(1, "identity"),
    'Dense(4, "softmax") * Dense(4, "identity")': Dense(4, "softmax") * Dense(4, "identity"),
}
BLUE, ORANGE = "#2f6db5", "#e08214"
COLOURS = LinearSegmentedColormap.from_list("classes", [BLUE, "#ffffff", ORANGE])


def chessboard(n, rng):
    """Return points whose class is the sign of the product of their coordinates."""
    X = rng.uniform(-1, 1, (n, 2))
    return X, (X[:, 0] * X[:, 1] + 0.04 * rng.normal(size=n) > 0).astype(int)


def draw(axes, title, embedding, train, test):
    model = TwoLayerClassifier(
        embedding,
        input_map="standard",
        solver=LBFGS(),
        max_iter=500,
        n_estimators=1,
        alpha=1e-4,
        random_state=0,
    ).fit(*train)
    line = np.linspace(-1, 1, 300)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    probability = model.predict_proba(grid)[:, 1].reshape(300, 300)
    axes.imshow(
        probability, extent=(-1, 1, -1, 1), origin="lower", cmap=COLOURS, vmin=0, vmax=1, alpha=0.7
    )
    X, y = train
    axes.scatter(*X.T, c=np.where(y, ORANGE, BLUE), s=7, edgecolors="white", linewidths=0.3)
    axes.set_title(title, family="monospace", fontsize=8)
    axes.set_xlabel(f"accuracy on new rows {model.score(*test):.2f}", fontsize=9)
    axes.set(xticks=[], yticks=[])


def main():
    rng = np.random.default_rng(0)
    train, test = chessboard(400, rng), chessboard(10_000, rng)
    figure, panels = plt.subplots(1, 4, figsize=(12, 3.9), layout="constrained")
    for axes, (title, embedding) in zip(panels, EMBEDDINGS.items(), strict=True):
        draw(axes, title.replace(" * ", " *\n"), embedding, train, test)
    target = Path(__file__).parent / "_static" / "readme.png"
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, dpi=120)


if __name__ == "__main__":
    main()
