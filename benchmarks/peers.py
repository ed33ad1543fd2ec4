"""The same networks in PyTorch, eager and compiled, and in JAX, for what is installed."""

import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module

import numpy as np

from .measuring import Row, at_least, faster
from .problems import BATCH, Size


def gradients(size: Size, X: np.ndarray, y: np.ndarray) -> dict[str, Callable]:
    """Return functions that compute value and gradient of the mean cross-entropy."""
    compiled = partial(_torch_gradient, compiled=True)
    makers = {"PyTorch": _torch_gradient, "torch.compile": compiled, "JAX": _jax_gradient}
    return _installed(makers, size, X, y)


def epochs(size: Size, X: np.ndarray, y: np.ndarray, n_epochs: int) -> dict[str, Callable]:
    """Return functions that train for some epochs with Adam and batches of `BATCH` rows."""
    compiled = partial(_torch_epochs, compiled=True)
    makers = {"PyTorch": _torch_epochs, "torch.compile": compiled, "JAX": _jax_epochs}
    return _installed(makers, size, X, y, n_epochs)


def ratios(case: str, times: dict) -> list[Row]:
    """Return how much faster we are than each of them; only eager PyTorch has a target."""
    targets = {"PyTorch": at_least(1.5), "torch.compile": None, "JAX": None}
    return [
        faster(case, times, "ours", name, target)
        for name, target in targets.items()
        if name in times
    ]


def _installed(makers, *given):
    functions = {}
    for name, make in makers.items():
        try:
            function = make(*given)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function()  # compiles
        except ImportError:
            continue
        except RuntimeError as error:  # torch.compile needs a compiler
            print(f"{name} is left out: {str(error).splitlines()[0]}")
            continue
        functions[name] = function
    return functions


def _torch_problem(size, X, y, compiled):
    """Return PyTorch, the network, the loss of rows, and the rows."""
    torch = import_module("torch")
    network = torch.nn.Sequential(
        torch.nn.Linear(size.n_features, size.n_units),
        torch.nn.ReLU(),
        torch.nn.Linear(size.n_units, size.n_classes),
    )

    def loss(X, y):
        return torch.nn.functional.cross_entropy(network(X), y)

    loss = torch.compile(loss) if compiled else loss
    return torch, network, loss, torch.from_numpy(X), torch.from_numpy(y)


def _torch_gradient(size, X, y, compiled=False):
    _, network, loss, X, y = _torch_problem(size, X, y, compiled)

    def gradient():
        network.zero_grad()
        loss(X, y).backward()

    return gradient


def _torch_epochs(size, X, y, n_epochs, compiled=False):
    torch, network, loss, X, y = _torch_problem(size, X, y, compiled)
    optimizer = torch.optim.Adam(network.parameters())

    def fit():
        for _ in range(n_epochs):
            for index in torch.randperm(len(X)).split(BATCH):
                optimizer.zero_grad()
                loss(X[index], y[index]).backward()
                optimizer.step()

    return fit


def _jax_problem(size):
    """Return JAX, the function for value and gradient, and initial parameters."""
    jax = import_module("jax")
    rng = np.random.RandomState(0)
    shapes = [(size.n_features, size.n_units), (size.n_units, size.n_classes)]
    params = [0.1 * rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    params += [np.zeros(shape[1], dtype=np.float32) for shape in shapes]

    def loss(params, X, y):
        C, W, c, b = params
        outputs = jax.nn.log_softmax(jax.nn.relu(X @ C + c) @ W + b)
        return -jax.numpy.take_along_axis(outputs, y[:, None], axis=1).mean()

    return jax, jax.value_and_grad(loss), params


def _jax_gradient(size, X, y):
    jax, gradient, params = _jax_problem(size)
    compiled = jax.jit(gradient)
    params, X, y = jax.device_put((params, X, y))
    return lambda: jax.block_until_ready(compiled(params, X, y))


def _jax_epochs(size, X, y, n_epochs):
    jax, gradient, params = _jax_problem(size)
    optax = import_module("optax")
    optimizer = optax.adam(1e-3)

    @jax.jit
    def step(params, state, X, y):
        _, slopes = gradient(params, X, y)
        changes, state = optimizer.update(slopes, state)
        return optax.apply_updates(params, changes), state

    def fit():
        current, state = params, optimizer.init(params)
        for epoch in range(n_epochs):
            order = np.random.RandomState(epoch).permutation(len(X))
            for start in range(0, len(X), BATCH):
                index = order[start : start + BATCH]
                current, state = step(current, state, X[index], y[index])
        jax.block_until_ready(current)

    return fit
