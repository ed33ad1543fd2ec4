"""The radial-basis network: unsupervised centres, a linear output, refinements between."""

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.utils import ClassifierTags, RegressorTags

from .._compat import with_callbacks
from ..rows import Rows
from ._probabilities import ProbabilityMixin
from ._rbf_base import BaseRBFNetwork
from ._validation import guarded_fit


class RBFNetwork(ProbabilityMixin, BaseRBFNetwork):
    """Radial-basis network, for classes or real targets (pages TWO.31 to TWO.34).

    y = g(Σ_j W_j K(‖x - μ_j‖ / h_j) + b), in stages: centres, widths and shapes from the
    inputs alone; the output layer with a penalty chosen by leave-one-out; and what
    `refine` names. ``RBFNetwork(refine=None)`` is the textbook network.

    Parameters
    ----------
    n_centers : int or None, default=None
        Number of centres; fewer are used where there are fewer distinct rows. By default
        512, and more for more than 3,000 rows: 1,286 for 30,000.
    task : {"classification", "regression"}, default="classification"
        What to learn.
    kernel : str, Kernel or pair of callables, default="gaussian"
        "gaussian", "multiquadric", "inverse_multiquadric", "laplace", "matern32",
        "matern52", "cauchy", "thin_plate", "wendland", or the function of s = r²/h² and
        its derivative.
    centers : str, clusterer or array, default="kmeans"
        "kmeans", "random" rows, "all" rows, a clusterer with ``cluster_centers_``, or an
        array of shape (n_centers, n_features), in units of the input.
    width : str, WidthRule, float or array, default="dmax"
        "dmax" (h = d_max / √N_E), "dmax_dimension" (d_max / N_E^(1/d)), "nearest" centres,
        "cluster" (the spread of each cluster), "loo" (by leave-one-out, as with
        ``refine="width"``), or numbers, which ``refine="auto"`` leaves as they are; of a
        rule it takes how widths differ, and one factor on all of them from leave-one-out.
    shape : {"spherical", "diagonal", "full"}, default="spherical"
        The A of r² = (x - μ)ᵀ A Aᵀ (x - μ), from the covariances of the clusters.
    shared : bool, default=True
        Whether all units have one shape, rather than each its own.
    normalize : bool, default=False
        Whether the activations of a row are divided by their sum.
    linear_tail : bool or "auto", default="auto"
        Whether the mapped inputs themselves go to the output layer too; "auto" for up to
        1000 of them, unless ``refine=None``.
    refine : str, sequence of str or None, default="auto"
        What else is learned. "width": one factor on all widths, by leave-one-out;
        "metric": a shared diagonal metric (full, for ``shape="full"``) by the average
        gradient of the network; "gradient": centres, widths and shapes by the solver.
        Several steps are joined as in "width+metric" and always take this order. "auto"
        is "width", after the mapped inputs have been scaled by how much they matter to
        small dense networks, if units share a spherical shape and it lowers the error on
        rows whose targets the scaling has not seen.
    alpha : float or "loo", default="loo"
        Strength of the penalty (α/2)·‖W‖², beside the weighted mean of the loss.
    input_map : str, transformer or None, default="auto"
        What happens to a row first: "standard", "robust", "piecewise_linear", a
        transformer, or None; "auto" is "standard" for ``refine=None`` and else
        "piecewise_linear" or, where it lowers the leave-one-out error of a small network,
        "robust".
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Which columns hold categories: those of a data frame whose type says so (text,
        categories, objects); or a mask, indices or names of columns; or none.
    soft_targets : {None, "multiclass", "multilabel"}, default=None
        For classification: None for labels; else what the probabilities in y are.
    class_weight : dict, "balanced" or None, default=None
        For classification: weights of the classes, times those of the rows.
    loss : str, Loss or None, default=None
        None is the squared error for regression, and cross-entropy for classes. For
        regression also "absolute_error", "huber", "log_cosh", "quantile", "poisson",
        "gamma", or an instance such as ``Quantile([0.1, 0.5, 0.9])``; centres, widths and
        the metric are then judged by least squares, and the output layer, the strength of
        its penalty and what is done to it on rows left out by the loss.
    solver : str or Solver, default="lbfgs"
        For ``refine="gradient"``.
    max_iter : int, default=100
        Iterations of the solver.
    tol : float, default=1e-4
        When the solver has converged.
    warm_start : bool, default=False
        For ``refine="gradient"``: whether fit goes on from the centres, widths and shapes of
        the last one.
    random_state : int, RandomState or None, default=None
        Source of centres and folds.
    n_jobs : int or None, default=None
        Threads that walk the blocks of rows; the result does not depend on it.
    verbose : bool, default=False
        Whether to print a line for each step, and for each iteration of the solver; with
        the time, after a few seconds.

    Attributes
    ----------
    centers_ : ndarray of shape (n_centers_, n_features)
        Centres, in units of the input, if the input map has an inverse; else mapped.
    n_centers_ : int
        Number of distinct centres.
    kmeans_widths_, widths_ : ndarray of shape (n_centers_,)
        The widths of the first stage, and the refined ones, in units of mapped inputs.
    shapes_ : ndarray or None
        The array A, shared or for each centre.
    alpha_ : float
        The penalty. For classification by cross-entropy with ``alpha="loo"``, that on
        what is added to the layer of least squares.
    loo_error_ : float
        Mean squared error on rows left out, in squared units of y; for classification
        that of least squares on indicators. A metric has not seen the targets of these
        rows; after ``refine="gradient"`` the first layer has, and the error is optimistic.
        NaN after an interrupt.
    cond_ : float
        Condition number of the linear system of the output layer.
    classes_ : ndarray of shape (n_classes,)
        The labels, for classification.
    params_ : ndarray of shape (1, n_parameters)
        The fitted parameters; ``network_.views(params_)`` names their parts.
    network_ : Network
        The two layers as functions of `params_`.
    input_map_ : transformer or None
        The fitted input map; where ``refine="auto"`` has scaled what it gives, a
        `ScaledMap` of it and the factors.
    n_iter_ : int
        Iterations of the solver; one where nothing was iterated.
    loss_curve_ : list of float
        The data term after each iteration.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where they are strings.
    columns_ : Columns
        What the columns of a data frame were taken for: kinds, levels, parts of dates.

    See Also
    --------
    TwoLayerClassifier, TwoLayerRegressor : Any first layer, ``embedding="rbf"`` too.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes, load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RBFNetwork(20, random_state=0).fit(X, y)
    >>> model.predict_proba(X[:2]).shape
    (2, 3)
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = RBFNetwork(task="regression", random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.4)
    True
    """

    def __init__(
        self,
        n_centers: int | None = None,
        *,
        task: str = "classification",
        kernel: Any = "gaussian",
        centers: Any = "kmeans",
        width: Any = "dmax",
        shape: str = "spherical",
        shared: bool = True,
        normalize: bool = False,
        linear_tail: bool | str = "auto",
        refine: Any = "auto",
        alpha: float | str = "loo",
        input_map: Any = "auto",
        categorical_features: Any = "from_dtype",
        soft_targets: str | None = None,
        class_weight: Any = None,
        loss: Any = None,
        solver: Any = "lbfgs",
        max_iter: int = 100,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ):
        self.n_centers = n_centers
        self.task = task
        self.kernel = kernel
        self.centers = centers
        self.width = width
        self.shape = shape
        self.shared = shared
        self.normalize = normalize
        self.linear_tail = linear_tail
        self.refine = refine
        self.alpha = alpha
        self.input_map = input_map
        self.categorical_features = categorical_features
        self.soft_targets = soft_targets
        self.class_weight = class_weight
        self.loss = loss
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @guarded_fit
    @with_callbacks
    def fit(self, X, y, sample_weight=None):
        """Fit the network.

        Parameters
        ----------
        X : {data frame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows, in any units: the input map scales them. Missing values are None or NaN;
            of a data frame, text, categories, booleans and dates are read too.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels or real numbers, as `task` says; zeros and ones of shape (n_samples,
            n_labels) for several labels a row; probabilities, as `soft_targets` says.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are out of range; the estimator is then left as
            it was.
        KeyboardInterrupt
            If it is interrupted. After an iteration of the solver, an estimator that is new
            or goes on (`warm_start`) keeps what is learned so far.
        """
        return self._fit(X, y, sample_weight)

    def predict(self, X):
        """Predict labels, or real targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, n_quantiles)
            The most probable class, the labels with a probability above one half, or
            numbers in the units of y.
        """
        z = self._raw_outputs(X)
        return self._targets.predict(z)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy, or for regression R², of several quantiles the mean of D².

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as in fit.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        float
            The score, one at best.
        """
        predicted = self.predict(X)
        if self.task == "regression":
            return self._targets.score(y, predicted, sample_weight)
        if self.soft_targets is not None:
            y = self._targets.harden(y)
        return accuracy_score(y, predicted, sample_weight=sample_weight)

    def score_samples(self, X):
        """Return the logarithm of a density of the inputs, about the centres.

        It tells how near a row is to the training rows: far from all of them the density
        falls without bound, and a prediction there is an extrapolation.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            log p(x), with p integrating to one over the input's own units.
        """
        rows = Rows(self._validate_rows(X), None, np.dtype(float), self.n_jobs)
        log_density = rows.fill(
            lambda part: self._density.log(rows.raw[part])[:, None],
            1,
            self._density.numbers_per_row,
        )
        return log_density[:, 0].astype(rows.input_dtype)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        # Tags are asked for before any check, when an array may be in its place.
        if isinstance(self.task, str) and self.task == "regression":
            tags.estimator_type = "regressor"
            tags.regressor_tags = RegressorTags()
            tags.target_tags.multi_output = True
        else:
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_label=True)
        return tags
