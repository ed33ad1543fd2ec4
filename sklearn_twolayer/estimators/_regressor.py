"""Regression by a two-layer network."""

from typing import Any

from sklearn.base import RegressorMixin

from .._compat import with_callbacks
from ._base import BaseTwoLayer
from ._predictions import PredictionMixin
from ._targets import resolve_regression_loss
from ._validation import guarded_fit, partial_fit_available


class TwoLayerRegressor(PredictionMixin, RegressorMixin, BaseTwoLayer):
    """Two-layer network for one or several real targets.

    An embedding of the input, then a linear layer: y = g(Wᵀ y_E(x) + b), where g is the
    identity, or the exponential for the Poisson and gamma losses. Targets are
    standardised internally. Predictions are limited to the range of the training targets,
    extended by half their interquartile range at both ends. By default, several networks of two
    kinds and a radial-basis network are combined (see `blend`).

    Parameters
    ----------
    embedding : str or Embedding, default="parallel"
        The first layer: "parallel" (units of `activation` and as many sines), "linear", "dense",
        "skip", "residual", "product", "gated", "softmax_gated", "rbf", or an expression such as
        ``Dense(50, "identity") | Dense(50)``.
    n_units : int, optional
        Units of each branch of an embedding given by name; 48 if None.
    activation : str, Activation or pair of callables, optional
        Activation of an embedding given by name, if it has one; "relu" if None.
    input_map : str, transformer or None, default="auto"
        Transformation of the rows before the first layer: "standard", "robust",
        "piecewise_linear", any scikit-learn transformer, or None for no transformation.
        "auto" is "standard" with a smooth clip at 3 if `blend` is "mixed" or "radial" (the
        default for several networks), else "piecewise_linear". If there are more than 1024
        columns, more columns than rows, and at least 90 % zeros, it is `PrincipalMap`. If a
        name is given, the other parts of a blend choose their own maps.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that hold categories: those of a data frame with a matching type (text,
        categories, objects); or a mask, positions or names of columns; or None for none.
        Integers are positions, even if columns have integers for names. Unless it is None,
        columns of numbers that are codes get target statistics.
    loss : str or Loss, default="squared_error"
        "squared_error", "absolute_error", "huber", "log_cosh", "quantile", "poisson",
        "gamma", or an instance such as ``Quantile(0.9)``; ``Quantile([0.1, 0.5, 0.9])``
        predicts several quantiles, which do not cross.
    alpha : float, default=3e-4
        Strength of the penalty (α/2)·‖non-bias weights‖², added to the weighted mean of
        the loss. It has the same meaning for every solver, batch size and number of rows.
    solver : str or Solver, default="adam"
        "adam", "lbfgs", "gradient_descent", "least_squares", or an instance such as
        ``Adam(learning_rate=0.01)``.
    max_iter : int, optional
        Maximum number of iterations: epochs, for solvers that work on batches. If None, the
        solver chooses: for Adam 40 epochs, more below 1500 rows and fewer above 25,000
        rows. It also limits the epochs of the rectified networks of a blend.
    tol : float, default=1e-4
        Tolerance for convergence, and for an improvement in early stopping.
    n_estimators : int, optional
        Number of smooth networks that are trained together and averaged; 1 for a single
        network without a blend. If None, it depends on the number of rows: from 8 for few
        rows down to 2 for many. The number of rectified networks of a blend depends on the
        rows alone.
    blend : {"auto", "mean", "scale", "radial", "mixed"}, default="auto"
        How the networks are combined. "mean": their average. "scale": the average times
        one factor, which calibrates probabilities. "radial": adds a radial-basis network
        with its own factor and, if it helps, an average of the targets of near rows.
        "mixed": also adds networks of rectified units on
        piecewise-linear inputs (not for more than 1024 columns; and without a
        radial-basis network unless the loss is the squared error).
        The factors are fitted on held-out rows, since each network leaves out a fold. If the
        gain over a constant prediction may be due to chance, they are reduced.
        "auto" is "mean" for a single network and "mixed" for several.
    early_stopping : bool, default=False
        Whether to stop when the validation value no longer improves, and to keep the best
        weights.
    validation_fraction : float, default=0.1
        Fraction of the rows set aside for early stopping, if no validation rows are given.
    n_iter_no_change : int, default=10
        Number of iterations without an improvement after which training stops.
    scoring : str, callable or None, default="loss"
        The validation value: "loss", or a scorer; None for the estimator's `score`.
    warm_start : bool, default=False
        Whether fit starts from the weights of the last fit. On the same rows in the same
        order, the factors of a blend are fitted again. On other rows there are no held-out
        rows for this: the factors of the last fit are kept, with a warning.
    random_state : int, RandomState or None, default=None
        Controls all random choices. Pass an integer for reproducible results.
    n_jobs : int or None, default=None
        Number of threads; -1 for all processors. The result does not depend on it.
    verbose : bool or int, default=False
        Whether to print a line for each step and iteration, with the elapsed time after a
        few seconds.

    Attributes
    ----------
    blend_weights_ : ndarray of shape (n_parts,)
        The factors of the mean of the networks, of the mean of the rectified networks, of
        `radial_` and of the local average, as far as these exist. They are fitted on
        held-out rows. If all are near zero, no part predicts better than a constant, and a
        warning is raised.
    radial_ : RBFNetwork
        The radial-basis network of the blend, if there is one. It can also predict on its
        own, and its `score_samples` shows how close rows are to the training rows.
    params_ : ndarray of shape (n_networks, n_parameters)
        The fitted parameters; ``network_.views(params_)`` splits them into named arrays.
    network_ : Network
        The two layers as functions of `params_`.
    input_map_ : transformer or None
        The fitted input map.
    n_iter_ : int
        Number of iterations.
    loss_curve_ : list of float
        The mean loss after each iteration, without the penalty, for the networks on their
        training rows, before any factors; for solvers that work on batches, the mean over
        the epoch.
    validation_curve_ : list of float
        The validation value after each iteration, if there are validation rows.
    oof_prediction_ : ndarray
        Predictions for training rows by networks that were trained without them, as
        `predict_proba` or `predict` gives them; `oof_score_` and `oof_loss_` are their
        score and mean loss.
    feature_importances_ : ndarray of shape (n_features_in_,)
        Importance of each column; the sum is one, or zero if predictions are constant.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they are strings.
    columns_ : Columns
        How the columns of a data frame were interpreted: kinds, levels, parts of dates and text.

    See Also
    --------
    TwoLayerClassifier : The same for classification.
    RBFNetwork : Radial-basis network, fitted in closed form.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = TwoLayerRegressor(random_state=0).fit(X_train, y_train)
    >>> model.predict(X_test).shape
    (111,)
    """

    def __init__(
        self,
        embedding: Any = "parallel",
        *,
        n_units: int | None = None,
        activation: Any = None,
        input_map: Any = "auto",
        categorical_features: Any = "from_dtype",
        loss: Any = "squared_error",
        alpha: float = 3e-4,
        solver: Any = "adam",
        max_iter: int | None = None,
        tol: float = 1e-4,
        n_estimators: int | None = None,
        blend: str = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        scoring: Any = "loss",
        warm_start: bool = False,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
    ):
        self.embedding = embedding
        self.n_units = n_units
        self.activation = activation
        self.input_map = input_map
        self.categorical_features = categorical_features
        self.loss = loss
        self.alpha = alpha
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.n_estimators = n_estimators
        self.blend = blend
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.scoring = scoring
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @guarded_fit
    @with_callbacks
    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None):
        """Fit the network.

        Parameters
        ----------
        X : {data frame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows, in any units: the input map scales them. Missing values are None or NaN. A
            data frame may also contain text, categories, booleans and dates.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, in any units.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; an integer weight counts as repeated rows.
        X_val, y_val : array-like, optional
            Validation rows, for `validation_curve_` and early stopping.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are invalid; the estimator is then left unchanged.
        KeyboardInterrupt
            If it is interrupted. After at least one iteration, an estimator that was not
            fitted before, or has `warm_start=True`, keeps the weights so far.
        """
        return self._fit(X, y, sample_weight, X_val, y_val)

    @partial_fit_available
    @guarded_fit
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch, continuing from the last call.

        The input map and the scale of the targets are learned from the first call, which
        should be a representative sample of the rows; the range of the predictions is
        learned from all calls. If `max_iter` is the number of calls, the learning-rate
        schedule counts them; if it is None, the rate falls with the inverse square root of
        the number of steps. After `fit`, the factors of a blend and its radial-basis network
        stay unchanged.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows, relative to the others of this call.

        Returns
        -------
        self
            The estimator.
        """
        return self._partial_fit(X, y, sample_weight)

    def _resolve_loss(self):
        return resolve_regression_loss(self.loss)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
