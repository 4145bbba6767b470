"""How the paths of several assets hang together: copulas of their ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.optimize import minimize_scalar
from scipy.stats import rankdata
from statsmodels.distributions.copula.api import GaussianCopula, StudentTCopula
from statsmodels.stats.correlation_tools import corr_clipped

from model.events import Float64

FEW_DF = 3.0  # of the t copula that stands for strong joint tails
LEAST_DF, MOST_DF = 2.05, 100.0
_RIDGE = 1e-6  # keeps a correlation matrix of equal columns invertible


class Correlation(BaseModel):
    """Parameters of an elliptical copula, estimated from returns.

    Attributes
    ----------
    matrix : correlation parameters, from Kendall's tau: rho = sin(pi tau / 2)
    df : degrees of freedom of the t copula, maximum likelihood given `matrix`
    observations : rows of returns
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    matrix: tuple[tuple[float, ...], ...]
    df: float
    observations: int


@dataclass(frozen=True)
class Dependence:
    """An assumption on how ranks of returns hang together, and how it is called in tables."""

    kind: Literal["independence", "gaussian", "t", "comonotone"]
    label: str
    matrix: tuple[tuple[float, ...], ...] = ()
    df: float = 0.0


def estimate_correlation(returns: Float64) -> Correlation:
    """Fit Gaussian and t copula to returns.

    Correlations come from Kendall's tau, which neither margins nor outliers move (Lindskog, McNeil
    and Schmock, in: Credit Risk, 2003); a matrix that is not positive definite has its eigenvalues
    clipped. The degrees of freedom maximise the pseudo-likelihood of ranks / (n + 1) (Mashal and
    Zeevi 2002).

    Parameters
    ----------
    returns : float64 [n, k], k >= 2, no NaN, no constant column
    """
    count, assets = returns.shape
    corr = np.eye(assets)
    for i in range(assets):
        for j in range(i + 1, assets):
            pair = returns[:, [i, j]]
            corr[i, j] = corr[j, i] = GaussianCopula(np.eye(2)).fit_corr_param(pair)
    if np.linalg.eigvalsh(corr).min() < _RIDGE:
        corr = corr_clipped(corr, threshold=_RIDGE)
        corr = (1.0 - _RIDGE) * corr + _RIDGE * np.eye(assets)
    ranks = rankdata(returns, axis=0) / (count + 1)

    def misfit(log_df: float) -> float:
        copula = StudentTCopula(corr, df=float(np.exp(log_df)), k_dim=assets)
        return float(-np.log(copula.pdf(ranks)).sum())

    best = minimize_scalar(misfit, bounds=(np.log(LEAST_DF), np.log(MOST_DF)), method="bounded")
    return Correlation(
        matrix=tuple(tuple(row) for row in corr.tolist()), df=float(np.exp(best.x)),
        observations=count,
    )  # fmt: skip


def assumptions(
    correlation: Correlation | None, chosen: Literal["gaussian", "t"]
) -> list[Dependence]:
    """Every assumption that a result is shown under, the main one first.

    Without an estimate only the two ends are known: independence, and everything bad at once,
    which comes first.
    """
    independent = Dependence("independence", "Independence")
    together = Dependence("comonotone", "Comonotone")
    if correlation is None:
        return [together, independent]
    matrix = correlation.matrix
    found = {
        "gaussian": Dependence("gaussian", "Gaussian (estimated)", matrix),
        "t": Dependence("t", f"t, df {correlation.df:.3g} (estimated)",
                        matrix, correlation.df),
    }  # fmt: skip
    few = Dependence("t", f"t, df {FEW_DF:g}", matrix, FEW_DF)
    others = [one for name, one in found.items() if name != chosen]
    return [found[chosen], *others, few, independent, together]


def draw_ranks(dependence: Dependence, signs: Float64, draws: int, seed: int) -> Float64:
    """Joint ranks of the returns of k assets: float64 [draws, k] in (0, 1).

    Parameters
    ----------
    dependence : Dependence
    signs : float64 [k], +1 for a position that loses when its asset falls, else -1; only
        `comonotone` looks at them
    draws : how many
    seed : the same seed gives the same draws
    """
    generator = np.random.default_rng(seed)
    assets = len(signs)
    if dependence.kind == "independence" or assets == 1:
        return generator.random((draws, assets))
    if dependence.kind == "comonotone":
        common = generator.random((draws, 1))
        return np.where(signs > 0, common, 1.0 - common)
    matrix = np.array(dependence.matrix)
    copula = (
        GaussianCopula(matrix, k_dim=assets)
        if dependence.kind == "gaussian"
        else StudentTCopula(matrix, df=dependence.df, k_dim=assets)
    )
    return np.asarray(copula.rvs(draws, rng=generator))
