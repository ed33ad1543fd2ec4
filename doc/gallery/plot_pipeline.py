"""
A table with mixed columns, in a pipeline and a search
======================================================

A pandas table with numbers, a category and missing values goes through a `ColumnTransformer` into
a network, and `GridSearchCV` tunes parameters of its embedding and its solver. The rows are
diabetes patients, with measurements in the original units.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from sklearn_twolayer import Adam, Dense, TwoLayerRegressor

# %%
# The table
# ---------
# The column `sex` is a category, coded by numbers. One in ten values of the blood pressure is
# removed.

table, progression = load_diabetes(as_frame=True, return_X_y=True, scaled=False)
table["sex"] = table["sex"].map({1.0: "A", 2.0: "B"})
table.loc[table.sample(frac=0.1, random_state=0).index, "bp"] = np.nan
print(table.head())

# %%
# The pipeline
# ------------
# No scaler is needed: the network scales its inputs and targets. The embedding is a
# skip-connection: linear units and nonlinear units.

numbers = [column for column in table.columns if column != "sex"]
columns = ColumnTransformer(
    [("numbers", SimpleImputer(), numbers), ("category", OneHotEncoder(), ["sex"])]
)
network = TwoLayerRegressor(
    Dense(5, "identity") | Dense(20, "relu"),
    input_map="standard",
    solver=Adam(learning_rate=0.02, batch_size=64),
    max_iter=30,
    n_estimators=2,
    random_state=0,
)
pipeline = Pipeline([("columns", columns), ("network", network)])

# %%
# The search
# ----------
# `right` is the second branch of the expression.

X_train, X_test, y_train, y_test = train_test_split(table, progression, random_state=0)
decays = [0.01, 0.1, 0.3, 1.0, 3.0]
grid = {
    "network__embedding__right__activation": ["relu", "tanh"],
    "network__embedding__right__n_units": [5, 40],
    "network__solver__weight_decay": decays,
}
search = GridSearchCV(pipeline, grid, scoring="neg_root_mean_squared_error")
search.fit(X_train, y_train)
for name, value in search.best_params_.items():
    print(name, "=", value)
print(f"R² on the test rows: {search.best_estimator_.score(X_test, y_test):.2f}")

# %%
# Results
# -------
# All errors of the grid are within 3 %: on this small and noisy table no form of the second branch
# stands out, and the wide branch with ReLU needs weight decay.

results = search.cv_results_
error = -results["mean_test_score"].reshape(2, 2, len(decays))
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for i, (activation, colour) in enumerate([("relu", "#2f6db5"), ("tanh", "#e08214")]):
    for j, (n_units, style) in enumerate([(5, "--"), (40, "-")]):
        left.plot(
            decays, error[i, j], style, color=colour, marker="o", ms=4,
            label=f"{n_units} units, {activation}",
        )  # fmt: skip
left.set(xscale="log", xlabel="weight decay", ylabel="cross-validated root mean squared error")
left.set_ylim(51.5, 56)
left.legend(frameon=False, title="second branch", loc="lower center", ncols=2)

predicted = search.predict(X_test)
limits = [0, 360]
right.plot(limits, limits, color="#999999", lw=1)
right.scatter(predicted, y_test, s=16, color="#2f6db5", alpha=0.7, linewidths=0)
right.set(xlim=limits, ylim=limits, aspect="equal")
right.set(xlabel="predicted progression of the disease", ylabel="measured, on the test rows")
for axes in (left, right):
    axes.spines[["top", "right"]].set_visible(False)
