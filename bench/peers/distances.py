"""Distances between sets of features by numpy and scipy: the reference numbers of the tests in `src/evaluate`.

Writes one JSON object; the numbers are committed as `src/evaluate/fixtures/distances.json`.

    pip install numpy==2.4.6 scipy==1.17.1
    python bench/peers/distances.py > src/evaluate/fixtures/distances.json && npm run format
"""

import json

import numpy as np
import scipy
from scipy.spatial.distance import cdist

rng = np.random.default_rng(5)


def features(count, dimension, spread=1.0, shift=0.0):
    mixing = rng.standard_normal((dimension, dimension)) / np.sqrt(dimension)
    return np.round(shift + spread * rng.standard_normal((count, dimension)) @ mixing, 2)


CASES = {
    "full rank": (features(60, 6), features(50, 6, 1.4, 0.3)),
    "far from the origin": (features(40, 4, 1.0, 900.0), features(45, 4, 1.0, 901.0)),
    "fewer examples than features": (features(7, 20), features(9, 20, 0.8, 0.2)),
    "one side of low rank": (features(6, 12), features(80, 12)),
    "wider than a band": (features(40, 36), features(38, 36, 1.2)),
}


def nuclear(x, y):
    """tr (C1^1/2 C2 C1^1/2)^1/2 as the singular values of a product of factors: no squares are rooted."""
    a = (x - x.mean(0)) / np.sqrt(len(x) - 1)
    b = (y - y.mean(0)) / np.sqrt(len(y) - 1)
    return scipy.linalg.svdvals(a @ b.T).sum()


def frechet(x, y):
    c1, c2 = np.cov(x.T), np.cov(y.T)
    shift = ((x.mean(0) - y.mean(0)) ** 2).sum()
    traces = shift + np.trace(c1) + np.trace(c2)
    root = scipy.linalg.sqrtm(c1 @ c2)
    return float(traces - 2 * nuclear(x, y)), float(traces - 2 * np.trace(root).real)


def kernel(x, y):
    k = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3
    n, m = len(x), len(y)
    xx, yy = k(x, x), k(y, y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * k(x, y).mean())


def manifolds(samples, reference, k):
    radius = lambda rows: np.sort(cdist(rows, rows), axis=1)[:, k]
    between = cdist(samples, reference)
    inside = between <= radius(reference)[None, :]
    return {
        "precision": float(inside.any(1).mean()),
        "recall": float((between <= radius(samples)[:, None]).any(0).mean()),
        "density": float(inside.sum() / (k * len(samples))),
        "coverage": float(inside.any(0).mean()),
    }


def case(name, x, y):
    # The features that are tested are single precision.
    single = [a.astype(np.float32).astype(np.float64) for a in (x, y)]
    exact, square_root = frechet(*single)
    return {
        "name": name,
        "dimension": x.shape[1],
        "a": x.ravel().tolist(),
        "b": y.ravel().tolist(),
        "meanA": single[0].mean(0).tolist(),
        "covarianceA": np.cov(single[0].T)[0].tolist(),
        "frechet": exact,
        "frechetSqrtm": square_root,
        "kernel": kernel(*single),
        "manifolds3": manifolds(*single, 3),
        "manifolds5": manifolds(*single, 5),
    }


print(
    json.dumps(
        {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "cases": [case(name, x, y) for name, (x, y) in CASES.items()],
        }
    )
)
