"""The same networks in PyTorch, eager and compiled, and in JAX, for what is installed."""

import warnings
from collections.abc import Callable
from importlib import import_module

import numpy as np

from .measuring import Row, at_least, faster
from .problems import Size

BATCH = 256


def gradients(size: Size, X: np.ndarray, y: np.ndarray) -> dict[str, Callable]:
    """Return functions that compute value and gradient of the mean cross-entropy."""
    eager = {"PyTorch": _torch_gradient, "torch.compile": _compiled_gradient}
    return _installed(eager | {"JAX": _jax_gradient}, size, X, y)


def epochs(size: Size, X: np.ndarray, y: np.ndarray, n_epochs: int) -> dict[str, Callable]:
    """Return functions that train for some epochs with Adam and batches of `BATCH` rows."""
    eager = {"PyTorch": _torch_epochs, "torch.compile": _compiled_epochs}
    return _installed(eager | {"JAX": _jax_epochs}, size, X, y, n_epochs)


def ratios(case: str, times: dict) -> list[Row]:
    """Return how much faster we are than each of them."""
    eager = {"PyTorch": (at_least(1.5),)}  # the only one with a target
    names = [name for name in ("PyTorch", "torch.compile", "JAX") if name in times]
    return [faster(case, times, "ours", name, *eager.get(name, ())) for name in names]


def _installed(makers, *given):
    functions = {}
    for name, make in makers.items():
        try:
            functions[name] = make(*given)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                functions[name]()  # compiles
        except ImportError:
            functions.pop(name, None)
        except RuntimeError as error:  # torch.compile needs a compiler
            print(f"{name} is left out: {str(error).splitlines()[0]}")
            functions.pop(name, None)
    return functions


def _torch_network(torch, size):
    return torch.nn.Sequential(
        torch.nn.Linear(size.n_features, size.n_units),
        torch.nn.ReLU(),
        torch.nn.Linear(size.n_units, size.n_classes),
    )


def _compiled_gradient(size, X, y):
    return _torch_gradient(size, X, y, compiled=True)


def _compiled_epochs(size, X, y, n_epochs):
    return _torch_epochs(size, X, y, n_epochs, compiled=True)


def _torch_loss(torch, network, compiled):
    def loss(X, y):
        return torch.nn.functional.cross_entropy(network(X), y)

    return torch.compile(loss) if compiled else loss


def _torch_gradient(size, X, y, compiled=False):
    torch = import_module("torch")
    network = _torch_network(torch, size)
    loss = _torch_loss(torch, network, compiled)
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def gradient():
        network.zero_grad()
        loss(X, y).backward()

    return gradient


def _torch_epochs(size, X, y, n_epochs, compiled=False):
    torch = import_module("torch")
    network = _torch_network(torch, size)
    loss = _torch_loss(torch, network, compiled)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
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
    optimizer = import_module("optax").adam(1e-3)

    @jax.jit
    def step(params, state, X, y):
        _, slopes = gradient(params, X, y)
        changes, state = optimizer.update(slopes, state)
        return [param + change for param, change in zip(params, changes, strict=True)], state

    def fit():
        current, state = params, optimizer.init(params)
        for epoch in range(n_epochs):
            order = np.random.RandomState(epoch).permutation(len(X))
            for start in range(0, len(X), BATCH):
                index = order[start : start + BATCH]
                current, state = step(current, state, X[index], y[index])
        jax.block_until_ready(current)

    return fit
