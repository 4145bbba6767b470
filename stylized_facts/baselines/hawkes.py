"""Compound Hawkes: order flow as twelve mutually exciting streams with drawn sizes and distances."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from model.events import Float64, Int64, Recording
from model.order_flow import MarketView
from model.profile import AssetProfile
from stylized_facts.baselines.files import read_baseline, write_baseline
from stylized_facts.baselines.hawkes_fit import (
    WEIGHTED,
    HawkesSettings,
    Parameters,
    fit_parameters,
    point_process,
)
from stylized_facts.baselines.hawkes_residuals import GoodnessOfFit, goodness_of_fit
from stylized_facts.baselines.hawkes_session import HawkesSession, Intensities, excited_by
from stylized_facts.baselines.hawkes_simulation import (
    jumps_of,
    spectral_radius,
    stationary_state,
)
from stylized_facts.baselines.marks import Marks
from stylized_facts.baselines.streams import STREAM_NAMES, StreamEvents, training_streams
from stylized_facts.baselines.time_of_day import TimeOfDay

LEAST_EVENTS = 1000


class CompoundHawkes(BaseModel):
    """The baseline of Jain, Firoozye, Kochems and Treleaven (2024), fitted by maximum likelihood.

    Twelve streams (`streams.Kind` on each side) excite each other through sums of exponentials with
    fixed decays; buy and sell mirror each other. The baseline follows the time of day; arrivals
    inside the spread grow as (spread/mean spread)^b and stop at one tick; sizes and distances are
    drawn from training. Differences from the paper: maximum likelihood instead of binned least
    squares, exponentials instead of a power law, no inhibition, whole-order cancels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    asset: str
    settings: HawkesSettings
    parameters: Parameters
    time_of_day: TimeOfDay
    marks: Marks

    @property
    def name(self) -> str:
        """Short name shown in tables."""
        return "Hawkes"

    @classmethod
    def fit(
        cls, recordings: Sequence[Recording], profile: AssetProfile,
        settings: HawkesSettings = HawkesSettings(),
    ) -> CompoundHawkes:  # fmt: skip
        """Fit to recordings with quotes, each one session or window; nothing excites across them.

        Raises
        ------
        RecordingError
            A recording has no quotes, or there are fewer than 1,000 events in all.
        FaultlineError
            The likelihood search did not converge.
        """
        windows = training_streams(recordings, LEAST_EVENTS)
        time_of_day = TimeOfDay.fit(windows, settings.profile_bin_s)
        return cls(
            asset=profile.asset, settings=settings,
            parameters=fit_parameters(windows, time_of_day, settings),
            time_of_day=time_of_day, marks=Marks.fit(windows),
        )  # fmt: skip

    @property
    def branching_ratio(self) -> float:
        """Spectral radius of the branching matrix; below 1."""
        return spectral_radius(self.parameters.branching())

    def goodness_of_fit(self, recordings: Sequence[Recording]) -> GoodnessOfFit:
        """Residuals and likelihood on recordings with quotes, best ones that the fit has not seen."""
        windows: list[StreamEvents] = training_streams(recordings, 2)
        mu, alpha = self.parameters.by_stream()
        return goodness_of_fit(
            [
                point_process(
                    window, self.time_of_day, self.parameters.mean_spread,
                    self.parameters.spread_exponent,
                )
                for window in windows
            ],
            mu, alpha, np.asarray(self.parameters.betas), WEIGHTED,
            np.repeat(self.parameters.rates, 2), STREAM_NAMES,
        )  # fmt: skip

    def start(
        self, paths: Int64, seed: int, profile: AssetProfile, view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> HawkesSession:  # fmt: skip
        """See `model.order_flow.OrderFlowModel.start`; without history, from the stationary mean."""
        found = self.parameters
        mu, alpha = found.by_stream()
        betas = np.asarray(found.betas)
        jumps = jumps_of(alpha, betas)
        mean = self._mean_state(alpha)
        if history is None:
            factor = self.time_of_day.at(view.time_ns / 1e9)
            excitation = mean[None] * factor[:, None, None]
        else:
            excitation = excited_by(history, view.time_ns, mean, jumps, betas)
        intensities = Intensities(
            mu, jumps, betas, found.mean_spread, found.spread_exponent,
            np.asarray(self.time_of_day.factors),
            self.time_of_day.start_ns, self.time_of_day.width_ns,
        )  # fmt: skip
        return HawkesSession(
            intensities, self.marks.packed(), paths, seed, view.time_ns, excitation
        )

    def _mean_state(self, alpha: Float64) -> Float64:
        return stationary_state(alpha, np.repeat(self.parameters.rates, 2))

    def write(self, path: Path) -> None:
        """Write the fitted model as JSON, atomically."""
        write_baseline(self, path)

    @classmethod
    def read(cls, path: Path) -> CompoundHawkes:
        """Read what `write` wrote; `CheckpointError` names the file and the field that is wrong."""
        return read_baseline(cls, path)
