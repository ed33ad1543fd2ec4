"""The radial-basis network: unsupervised centres, refinements, and a linear output layer."""

from typing import Any

import numpy as np
from sklearn.utils import ClassifierTags, RegressorTags

from .._compat import with_callbacks
from ..rows import Rows
from ._predictions import PredictionMixin
from ._probabilities import ProbabilityMixin
from ._rbf_base import BaseRBFNetwork
from ._validation import guarded_fit


class RBFNetwork(PredictionMixin, ProbabilityMixin, BaseRBFNetwork):
    """Radial-basis network for classification or regression.

    y = g(Σ_j W_j K(‖x - μ_j‖ / h_j) + b), fitted in stages: centres, widths and shapes from
    the inputs; the refinements in `refine`; and the output layer, with a penalty chosen by
    leave-one-out. ``RBFNetwork(refine=None)`` is the textbook network, on pages TWO.31 to
    TWO.34 of the chapter that the user guide cites.

    Parameters
    ----------
    n_centers : int or None, default=None
        Number of centres; fewer are used if there are fewer distinct rows. If None, 512 for
        up to 3,000 rows, more for more rows (1,286 for 30,000, at most 2,048), and fewer
        again from 120,000 rows on.
    task : {"classification", "regression"}, default="classification"
        The kind of problem.
    kernel : str, Kernel or pair of callables, default="gaussian"
        "gaussian", "multiquadric", "inverse_multiquadric", "laplace", "matern32",
        "matern52", "cauchy", "thin_plate", "wendland", or the function of s = r²/h² and
        its derivative.
    centers : str, clusterer, array or data frame, default="kmeans"
        "kmeans", "random" rows, "all" rows, a clusterer with ``cluster_centers_``, or an
        array of shape (n_centers, n_features), in units of the input. If the input has
        columns of categories, text or dates: a data frame with the same columns, such as
        some of its rows.
    width : str, WidthRule, float or array, default="dmax"
        "dmax" (h = d_max / √N_E), "dmax_dimension" (d_max / N_E^(1/d)), "nearest" centres,
        "cluster" (the spread of each cluster), "loo" (by leave-one-out, as with
        ``refine="width"``), or numbers. ``refine="auto"`` leaves numbers unchanged, and
        multiplies the widths of a rule by one factor, chosen by leave-one-out.
    shape : {"spherical", "diagonal", "full"}, default="spherical"
        The matrix A of r² = (x - μ)ᵀ A Aᵀ (x - μ), from the covariances of the clusters.
    shared : bool, default=True
        Whether all units have the same shape.
    normalize : bool, default=False
        Whether the activations of a row are divided by their sum.
    linear_tail : bool or "auto", default="auto"
        Whether the output layer also receives the mapped inputs. "auto" means up to 1000
        mapped inputs, unless ``refine=None``.
    refine : str, sequence of str or None, default="auto"
        What else is learned. "width": one factor on all widths, by leave-one-out;
        "metric": a shared diagonal metric (full, for ``shape="full"``) from the average
        gradient of the network; "gradient": centres, widths and shapes by the solver.
        Steps can be combined, as in "width+metric", and are taken in this order. "auto" is
        "width", after the mapped inputs have been rescaled by their importance, estimated
        with small dense networks, if units share a spherical shape and the scaling lowers
        the error on held-out rows; in a regression, KMeans also places more centres where
        targets are far from their mean.
    alpha : float or "loo", default="loo"
        Strength of the penalty (α/2)·‖W‖², added to the weighted mean of the loss; "loo"
        chooses it by leave-one-out.
    input_map : str, transformer or None, default="auto"
        Transformation of the rows before the first layer: "standard", "robust",
        "piecewise_linear", any scikit-learn transformer, or None for no transformation.
        "auto" is "standard" for ``refine=None``, else "piecewise_linear" or, if it lowers
        the error of a small network on held-out rows, "robust". If there are more than
        1024 columns, more columns than rows, and at least 90 % zeros, it is `PrincipalMap`.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that hold categories: those of a data frame with a matching type (text,
        categories, objects); or a mask, positions or names of columns; or None for none.
        Integers are positions, even if columns have integers for names. Unless it is None,
        columns of numbers that are codes get target statistics.
    soft_targets : {None, "multiclass", "multilabel"}, default=None
        None for labels. "multiclass" if the rows of y are distributions over the classes;
        "multilabel" if each entry of y is the probability of an independent label.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, which multiply the sample weights.
    loss : str, Loss or None, default=None
        None for the squared error in regression and cross-entropy in classification.
        Regression also supports "absolute_error", "huber", "log_cosh", "quantile",
        "poisson", "gamma", or an instance such as ``Quantile([0.1, 0.5, 0.9])``; centres,
        widths and the metric are then chosen by least squares, and the output layer and its
        penalty by the loss.
    solver : str or Solver, default="lbfgs"
        Solver for ``refine="gradient"``.
    max_iter : int, default=100
        Maximum number of iterations of the solver.
    tol : float, default=1e-4
        Tolerance for convergence of the solver.
    warm_start : bool, default=False
        For ``refine="gradient"``: whether fit starts from the centres, widths and shapes of
        the last fit.
    random_state : int, RandomState or None, default=None
        Controls all random choices. Pass an integer for reproducible results.
    n_jobs : int or None, default=None
        Number of threads; -1 for all processors. The result does not depend on it.
    verbose : bool or int, default=False
        Whether to print a line for each step and iteration, with the elapsed time after a
        few seconds.

    Attributes
    ----------
    centers_ : ndarray of shape (n_centers_, n_features)
        Centres, in units of the input if the input map has an inverse, else of mapped inputs.
    n_centers_ : int
        Number of distinct centres.
    kmeans_widths_, widths_ : ndarray of shape (n_centers_,)
        The widths of the first stage, and the refined ones, in units of mapped inputs.
    shapes_ : ndarray or None
        The array A, shared or for each centre.
    alpha_ : float
        The penalty. For classification with ``alpha="loo"``, that on the weights which are
        added to the least-squares layer.
    loo_error_ : float
        Mean squared leave-one-out error, in squared units of y; for classification, of
        least squares on class indicators. Scales and metrics are learned without the
        targets of the evaluated rows. After ``refine="gradient"`` the error is optimistic,
        because the first layer was fitted to all targets. NaN after an interrupt, or for a
        single row.
    cond_ : float
        Condition number of the linear system of the output layer.
    classes_ : ndarray of shape (n_classes,)
        The labels; for several labels per row and for soft targets, the column indices.
    params_ : ndarray of shape (1, n_parameters)
        The fitted parameters; ``network_.views(params_)`` splits them into named arrays.
    network_ : Network
        The two layers as functions of `params_`.
    input_map_ : transformer or None
        The fitted input map. If ``refine="auto"`` has rescaled the mapped inputs, a
        `ScaledMap` with the factors.
    n_iter_ : int
        Number of iterations of the solver; 1 without iterations.
    loss_curve_ : list of float
        The mean loss after each iteration, without the penalty.
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
    TwoLayerClassifier, TwoLayerRegressor : Networks with any first layer.

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
        verbose: bool | int = False,
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
    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None):
        """Fit the network.

        Parameters
        ----------
        X : {data frame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows, in any units: the input map scales them. Missing values are None or NaN. A
            data frame may also contain text, categories, booleans and dates.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Real numbers for ``task="regression"``. For classification, labels; zeros and
            ones of shape (n_samples, n_labels) for several labels per row; or
            probabilities, according to `soft_targets`.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; an integer weight counts as repeated rows.
        X_val, y_val : array-like, optional
            Validation rows, for their loss in `validation_curve_`, with 'gradient' in `refine`.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are invalid; the estimator is then left unchanged.
        KeyboardInterrupt
            If it is interrupted. After at least one iteration of the solver, an estimator
            that was not fitted before, or has `warm_start=True`, keeps the result so far.
        """
        return self._fit(X, y, sample_weight, X_val, y_val)

    def score_samples(self, X):
        """Return the log-density of the inputs, from Gaussians around the centres.

        It shows how close a row is to the training rows. Far from all of them the density is
        very small, and predictions are extrapolations.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            log p(x), where p integrates to one in the units of the input.
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
        # Tags are requested before parameters are validated: the task may even be an array.
        if isinstance(self.task, str) and self.task == "regression":
            tags.estimator_type = "regressor"
            tags.regressor_tags = RegressorTags()
            tags.target_tags.multi_output = True
        else:
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_label=True)
        return tags
