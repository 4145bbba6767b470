"""Which one is real? Windows of a real and of a generated market without their names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec
from stylized_facts.sheet import FactSheet, MidPath

LETTERS = ("A", "B", "C", "D")


@dataclass(frozen=True, eq=False)
class Round:
    """One round: four windows of which one is real.

    Attributes
    ----------
    chart : the windows, unnamed
    answer : letter of the real one
    start_s : seconds after midnight at which the real window begins
    """

    chart: ChartSpec
    answer: str
    start_s: float


def blind_round(real: FactSheet, model: FactSheet, seed: int) -> Round | None:
    """Draw a round: one real window among three of a model; None where windows are too few.

    Parameters
    ----------
    real, model : sheets with mid paths
    seed : the same seed gives the same round
    """
    others = len(LETTERS) - 1
    if not real.mid_paths or len(model.mid_paths) < others:
        return None
    rng = np.random.default_rng(seed)
    chosen: list[MidPath] = [
        model.mid_paths[i] for i in rng.choice(len(model.mid_paths), others, replace=False)
    ]
    genuine = real.mid_paths[int(rng.integers(len(real.mid_paths)))]
    place = int(rng.integers(len(LETTERS)))
    chosen.insert(place, genuine)
    frames = []
    for letter, path in zip(LETTERS, chosen, strict=True):
        mid = np.asarray(path.mid)
        x = path.step_s * np.arange(len(mid))
        y = 1e4 * np.log(mid / mid[0])
        frames.append(pd.DataFrame({"panel": letter, "series": letter, "x": x, "y": y}))
    chart = ChartSpec(
        kind="lines",
        name="which_one_is_real",
        data=pd.concat(frames),
        title="Which one is real?",
        x=Axis(label="seconds"),
        y=Axis(label="mid price, bp"),
        roles=dict.fromkeys(LETTERS, Role.REAL),
        caption=(
            f"Four windows of {real.asset}, mid price every {genuine.step_s:g} s, on the same "
            "axes. One is real, three are generated."
        ),
        definition=(
            f"The real window is drawn from {len(real.mid_paths)} of the held-out end of the "
            f"session, the others from {len(model.mid_paths)} paths of the model. They are kept in "
            "the evaluation at this resolution; the recording itself does not ship."
        ),
        alt="Four unnamed windows of the mid price, A to D, of which one is real.",
    )
    return Round(chart, LETTERS[place], genuine.start_s)


def chance_of(right: int, rounds: int) -> float:
    """Probability of at least so many right answers by guessing; exact binomial."""
    from scipy import stats

    return float(stats.binom.sf(right - 1, rounds, 1 / len(LETTERS)))
