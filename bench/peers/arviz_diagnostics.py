"""Chains and what ArviZ says of them: the reference numbers of the tests in `src/evaluate`.

Writes one JSON object; the numbers are committed as `src/evaluate/fixtures/arviz.json`.

    pip install arviz==0.23.4
    python bench/peers/arviz_diagnostics.py > src/evaluate/fixtures/arviz.json && npm run format
"""

import json

import arviz
import numpy as np

rng = np.random.default_rng(3)


def autoregressive(chains, draws, rho):
    x = rng.standard_normal((chains, draws))
    for t in range(1, draws):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * x[:, t]
    return x


CASES = {
    "independent": rng.standard_normal((4, 60)),
    "slow": autoregressive(4, 100, 0.9),
    "alternating": autoregressive(3, 60, -0.6),
    "odd number of draws": autoregressive(2, 51, 0.5),
    "one chain apart": autoregressive(3, 40, 0.3) + np.array([[0], [0], [2]]),
    "one chain wider": rng.standard_normal((3, 50)) * np.array([[1], [1], [4]]),
    "heavy tails": rng.standard_cauchy((4, 50)),
    "ties": np.round(autoregressive(2, 60, 0.7)),
    "trend": autoregressive(2, 40, 0.2) + np.linspace(0, 2, 40),
    "short": autoregressive(2, 10, 0.4),
}


def case(name, values):
    draws = np.round(values, 3)
    return {
        "name": name,
        "draws": draws.tolist(),
        "essBulk": float(arviz.ess(draws, method="bulk")),
        "essMean": float(arviz.ess(draws, method="mean")),
        "essUnsplit": float(arviz.ess(draws, method="identity")),
        "rHatRank": float(arviz.rhat(draws, method="rank")),
        "rHatPlain": float(arviz.rhat(draws, method="split")),
        "mcseMean": float(arviz.mcse(draws, method="mean")),
    }


print(
    json.dumps(
        {
            "arviz": arviz.__version__,
            "numpy": np.__version__,
            "cases": [case(name, values) for name, values in CASES.items()],
        }
    )
)
