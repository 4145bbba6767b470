"""Compound Hawkes: twelve streams that excite each other, sizes and distances drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from model.compiled_flow import CompiledSession
from model.events import NS_PER_S, Int64, Recording
from model.order_flow import MarketView
from model.profile import AssetProfile
from stylized_facts.baselines.files import read_baseline, write_baseline
from stylized_facts.baselines.hawkes_fit import (
    HawkesSettings,
    Parameters,
    fit_parameters,
    point_process,
)
from stylized_facts.baselines.hawkes_residuals import GoodnessOfFit, goodness_of_fit
from stylized_facts.baselines.hawkes_session import Intensities, excited_by, start_session
from stylized_facts.baselines.hawkes_simulation import (
    jumps_of,
    spectral_radius,
    stationary_state,
)
from stylized_facts.baselines.marks import Marks
from stylized_facts.baselines.streams import STREAM_NAMES, training_streams
from stylized_facts.baselines.time_of_day import TimeOfDay

LEAST_EVENTS = 1000


class CompoundHawkes(BaseModel):
    """The baseline of Jain, Firoozye, Kochems and Treleaven (2024), fitted by maximum likelihood.

    Twelve streams (`streams.Kind` on each side) excite each other through sums of exponentials with
    fixed decays; buy and sell mirror each other. The baseline follows the time of day; arrivals
    inside the spread grow as (spread/mean spread)^b and stop at one tick; sizes and distances are
    drawn from training. Differences from the paper: maximum likelihood instead of binned least
    squares, log-spaced exponentials instead of a power law, no inhibition, whole-order cancels, and
    a stability check at every spread. What cannot happen has rate zero: cancels on an empty side,
    aggressive orders against one. With `HawkesSettings.spread_drives` = "all" the baseline of every
    kind follows the spread, which the paper does not do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hawkes"] = "hawkes"
    asset: str
    settings: HawkesSettings
    parameters: Parameters
    time_of_day: TimeOfDay
    marks: Marks

    @property
    def name(self) -> str:
        """Short name shown in tables."""
        return "Hawkes" if self.settings.spread_drives == "inspread" else "Hawkes, spread-driven"

    @classmethod
    def fit(
        cls, recordings: Sequence[Recording], profile: AssetProfile,
        settings: HawkesSettings | None = None,
    ) -> CompoundHawkes:  # fmt: skip
        """Fit to recordings with quotes, each one session or window; nothing excites across them.

        Raises
        ------
        RecordingError
            A recording has no quotes, or there are fewer than 1,000 events in all.
        FaultlineError
            The likelihood search did not converge.
        """
        settings = settings or HawkesSettings()
        windows = training_streams(recordings, LEAST_EVENTS)
        time_of_day = TimeOfDay.fit(windows, settings.profile_bin_s)
        return cls(
            asset=profile.asset, settings=settings,
            parameters=fit_parameters(windows, time_of_day, settings),
            time_of_day=time_of_day, marks=Marks.fit(windows),
        )  # fmt: skip

    @property
    def branching_ratio(self) -> float:
        """Spectral radius of the branching matrix at the mean exposures of training; below 1."""
        return spectral_radius(self.parameters.branching())

    def goodness_of_fit(self, recordings: Sequence[Recording]) -> GoodnessOfFit:
        """Residuals and likelihood on recordings with quotes; held-out ones tell the most."""
        windows = training_streams(recordings, 2)
        return goodness_of_fit(
            [point_process(window, self.time_of_day) for window in windows],
            self.parameters.law(), np.repeat(self.parameters.rates, 2), STREAM_NAMES,
        )  # fmt: skip

    def start(
        self, paths: Int64, seed: int, profile: AssetProfile, view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> CompiledSession:  # fmt: skip
        """See `model.order_flow.OrderFlowModel`; without history, from the stationary mean."""
        law, day = self.parameters.law(), self.time_of_day
        jumps = jumps_of(law.alpha, law.betas)
        mean = stationary_state(law.alpha, np.repeat(self.parameters.rates, 2))
        if history is None:
            excitation = mean * day.at(view.time_ns / NS_PER_S)[:, None, None]
        else:
            excitation = excited_by(history, view.time_ns, mean, jumps, law.betas)
        intensities = Intensities(
            law.mu, jumps, law.betas, np.asarray(self.parameters.spread_exponents),
            law.mean_spread, law.low_spread, law.high_spread,
            np.asarray(day.factors), day.start_ns, day.width_ns,
        )  # fmt: skip
        return start_session(
            intensities, self.marks.packed(), paths, seed, view.time_ns, excitation
        )

    def write(self, path: Path) -> None:
        """Write the fitted model as JSON, atomically."""
        write_baseline(self, path)

    @classmethod
    def read(cls, path: Path) -> CompoundHawkes:
        """Read what `write` wrote; `CheckpointError` names the file and the field that is wrong."""
        return read_baseline(cls, path)
