"""What a new study is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app.models import RUNNABLE, bundled_models
from app.studies.jobs import Studies
from app.views.session import model_title, plain
from engine.scenario import list_scenarios, load_scenario
from model.catalogue import load_catalogue
from model.errors import FaultlineError

if TYPE_CHECKING:
    from app.studies.study import Study

    Built = tuple[Study, dict[str, bytes]]

KINDS = {
    "sweep": "Sweep",
    "reverse": "Reverse stress",
    "rare": "Rare loss",
    "portfolio": "Portfolio",
}
FIRST = ("flash_crash", "fat_finger", "liquidity_drought")
MOST_UPLOAD_MB = 20
MOST_POSITIONS = 1000  # rows of a table that is sent


@st.fragment
def study_form() -> None:
    """Ask for a study, start it, and show it."""
    kind = (
        st.segmented_control(
            "Question", list(KINDS), default="sweep", key="study-kind",
            format_func=lambda name: KINDS[name],
            help="Sweep: a grid of scenarios, assets and intensities. Reverse stress: from an"
            " outcome back to the smallest shock. Rare loss: how rare one is under a scenario."
            " Portfolio: VaR and ES of positions under one scenario.",
        )
        or "sweep"
    )  # fmt: skip
    build = {"sweep": _sweep, "reverse": _reverse, "rare": _rare, "portfolio": _portfolio}[kind]()
    settings = _settings(kind)
    if not st.button("Start", type="primary", icon=":material/play_arrow:", key="study-start"):
        return
    from app.studies.limits import check_study  # these load the engine: not before it is needed
    from app.studies.study import study_title

    try:
        study, files = build(settings)
        check_study(study.spec, Studies().root)
        study_id = Studies().submit(study, study_title(study), files)
    except FaultlineError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.query_params["study"] = study_id
    st.rerun()


def _settings(kind: str) -> dict[str, Any]:
    models = [*bundled_models(), *RUNNABLE]
    with st.container(horizontal=True):
        model = st.selectbox(
            "Model", models, format_func=model_title, key="study-model",
            help="What writes the order flow. The baselines are there for comparison.",
        )  # fmt: skip
        paths = 64
        if kind != "rare":
            paths = st.number_input(
                "Paths", 1, 4096, 64, key="study-paths", help="Of each run, 1 to 4,096."
            )
        horizon_s = st.number_input(
            "Horizon, s", 1, 23_400, 180, 30, key="study-horizon",
            help="Market time of each path; every shock must end before.",
        )  # fmt: skip
        max_events = st.number_input(
            "Most events", 1, 200_000, 100_000, 1000, key="study-events",
            help="A path is cut after so many events, and all are then measured up to that time.",
        )  # fmt: skip
        seed = st.number_input(
            "Seed", 0, 2**53 - 1, 1, key="study-seed",
            help="The same seed and settings give the same paths.",
        )  # fmt: skip
    return {
        "model": model, "paths": int(paths), "horizon_s": float(horizon_s),
        "max_events": int(max_events), "seed": int(seed),
    }  # fmt: skip


def _title(name: str) -> str:
    return load_scenario(name).title


def _scenario(key: str, label: str = "Scenario", **options: Any) -> str:
    scenarios = list_scenarios()[1:]
    return str(
        st.selectbox(
            label, scenarios, scenarios.index(FIRST[0]), format_func=_title, key=key, **options
        )
    )


def _asset(key: str) -> str:
    return str(st.selectbox("Asset", list(load_catalogue()), key=key))


def _sweep() -> Callable[[dict[str, Any]], Built]:
    scenarios = st.multiselect(
        "Scenarios", list_scenarios()[1:], FIRST, format_func=_title, key="sweep-scenarios"
    )
    catalogue = list(load_catalogue())
    with st.container(horizontal=True):
        assets = st.multiselect("Assets", catalogue, catalogue[:2], key="sweep-assets")
        intensities = st.text_input(
            "Intensities", "0.5, 1", key="sweep-intensities",
            help="Numbers from 0 to 10 with commas between; 1 is each scenario as described.",
        )  # fmt: skip

    def build(settings: dict[str, Any]) -> Built:
        from app.studies.study import SweepStudy
        from app.studies.sweep import build_sweep

        spec = build_sweep(scenarios, assets, _numbers(intensities), **settings)
        return SweepStudy(spec=spec), {}

    return build


def _numbers(text: str) -> list[float]:
    parts = [part for part in re.split(r"[,;\s]+", text) if part]
    try:
        return [float(part) for part in parts]
    except ValueError:
        raise FaultlineError(f"intensities: {text!r} are not numbers with commas between") from None


def _outcome(key: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Settings of an outcome, as `engine.risk.outcome` takes them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = kinds[0]
        if len(kinds) > 1:
            names = {"loss": "Loss", "wide_spread": "Wide spread", "pause": "Trading pause"}
            kind = st.selectbox(
                "Outcome", kinds, format_func=lambda name: names[name], key=f"{key}-outcome",
                help="A pause needs a scenario with price bands, such as limit down.",
            )  # fmt: skip
        if kind == "loss":
            bps = st.number_input(
                "Loss above, bp", 0.1, 10_000.0, 30.0, key=f"{key}-bps",
                help="Fall of the mid since the start, basis points.",
            )  # fmt: skip
            at_s = st.number_input("At, s", 1, 23_400, 120, key=f"{key}-at",
                                   help="Seconds after the start.")  # fmt: skip
            who = st.selectbox("Position", ["long", "short"], key=f"{key}-position",
                               help="A short position loses when the price rises.")  # fmt: skip
            return {"kind": kind, "bps": float(bps), "at_s": float(at_s), "position": who}
        if kind == "wide_spread":
            ticks = st.number_input("Spread above, ticks", 1.0, 100_000.0, 30.0, key=f"{key}-ticks")
            for_s = st.number_input("For, s", 1, 23_400, 5, key=f"{key}-for",
                                    help="Seconds on end, sampled each second.")  # fmt: skip
            return {"kind": kind, "ticks": float(ticks), "for_s": int(for_s)}
    return {"kind": kind}


def _reverse() -> Callable[[dict[str, Any]], Built]:
    with st.container(horizontal=True):
        asset, scenario = _asset("reverse-asset"), _scenario("reverse-scenario")
        second = st.selectbox(
            "Together with", list_scenarios()[1:], None, format_func=_title, key="reverse-second",
            placeholder="No second scenario",
            help="Search pairs of intensities as well: the frontier. Takes several times as long.",
        )  # fmt: skip
        probability = st.number_input(
            "Share of paths", 0.01, 1.0, 0.5, 0.05, key="reverse-probability",
            help="On how many of the paths the outcome has to happen; conditional on the scenario.",
        )  # fmt: skip
    outcome = _outcome("reverse", ("loss", "wide_spread", "pause"))

    def build(settings: dict[str, Any]) -> Built:
        from app.stress import build_spec, check_spec
        from app.studies.study import ReverseStudy

        run = build_spec(asset, scenario, **settings)
        check_spec(run)
        fields = {
            "run": run, "outcome": outcome, "probability": float(probability),
            "second": None if second is None else load_scenario(second),
        }  # fmt: skip
        return _validated(ReverseStudy, fields), {}

    return build


def _rare() -> Callable[[dict[str, Any]], Built]:
    with st.container(horizontal=True):
        asset, scenario = _asset("rare-asset"), _scenario("rare-scenario")
        intensity = st.number_input("Intensity", 0.0, 10.0, 1.0, 0.1, key="rare-intensity",
                                    help="Multiplies the shocks.")  # fmt: skip
        trajectories = st.number_input(
            "Trajectories", 10, 10_000, 100, 10, key="rare-trajectories",
            help="Paths played from each level, in each replication.",
        )  # fmt: skip
        replications = st.number_input(
            "Replications", 2, 1000, 10, key="rare-replications",
            help="Independent repetitions; the interval comes from them.",
        )  # fmt: skip
    outcome = _outcome("rare", ("loss",))

    def build(settings: dict[str, Any]) -> Built:
        from app.stress import build_spec, check_spec
        from app.studies.study import RareStudy

        run = build_spec(asset, scenario, intensity=float(intensity), **settings)
        check_spec(run)
        fields = {
            "run": run, "outcome": outcome, "trajectories": int(trajectories),
            "replications": int(replications),
        }  # fmt: skip
        return _validated(RareStudy, fields), {}

    return build


def _portfolio() -> Callable[[dict[str, Any]], Built]:
    with st.container(horizontal=True):
        scenario = _scenario("portfolio-scenario")
        intensity = st.number_input("Intensity", 0.0, 10.0, 1.0, 0.1, key="portfolio-intensity",
                                    help="Multiplies the shocks.")  # fmt: skip
        copula = st.selectbox(
            "Copula", ["t", "gaussian"], key="portfolio-copula",
            format_func=lambda name: {"t": "t", "gaussian": "Gaussian"}[name],
            help="How ranks of returns hang together; estimated from the table of returns. All"
            " others are shown beside it.",
        )  # fmt: skip
    upload = st.file_uploader(
        "Positions, CSV", ["csv"], key="portfolio-positions", max_upload_size=MOST_UPLOAD_MB,
        help="Columns asset, shares and, where a position is to be closed, close_s: seconds over"
        " which it is traded in equal slices (TWAP) from the start.",
    )  # fmt: skip
    table = _positions(upload)
    edited = st.data_editor(
        table, num_rows="dynamic", hide_index=True, key=f"portfolio-table-{_mark(upload)}",
        column_config={
            "asset": st.column_config.SelectboxColumn("Asset", options=list(load_catalogue())),
            "shares": st.column_config.NumberColumn(
                "Shares", help="Signed number of shares or coins; below 0 sold short."
            ),
            "close_s": st.column_config.NumberColumn(
                "Close within, s", min_value=1.0,
                help="Empty: held to the horizon. Else traded in equal slices over so many"
                " seconds from the start (TWAP).",
            ),
        },
    )  # fmt: skip
    returns = st.file_uploader(
        "Table of returns, CSV", ["csv"], key="portfolio-returns",
        max_upload_size=MOST_UPLOAD_MB,
        help="A column for each asset, a row a day or any other time. Without it, independence and"
        " the worst case (comonotone) are shown.",
    )  # fmt: skip

    def build(settings: dict[str, Any]) -> Built:
        from app.studies.portfolio import build_portfolio
        from app.studies.study import RETURNS, PortfolioStudy

        rows = edited.dropna(how="all").to_dict("records")
        if not rows:
            raise FaultlineError("positions: none is given; fill in a row or upload a CSV")
        content = settings | {
            "scenario": scenario, "intensity": float(intensity), "copula": copula,
            "positions": [_position(row) for row in rows],
        }  # fmt: skip
        spec = build_portfolio(content)
        files = {} if returns is None else {RETURNS: returns.getvalue()}
        return PortfolioStudy(spec=spec, returns=returns is not None), files

    return build


def _positions(upload: Any) -> pd.DataFrame:
    """The table to start from: what was uploaded, else an example; no row where it is broken."""
    example = pd.DataFrame(
        {"asset": ["AMZN", "MSFT"], "shares": [1000.0, -2000.0], "close_s": [None, None]}
    ).astype({"close_s": "float64"})
    if upload is None:
        return example
    try:
        found = pd.read_csv(upload, nrows=MOST_POSITIONS)
        if not {"asset", "shares"} <= set(found.columns):
            raise ValueError("it needs the columns asset and shares")
        columns = found.reindex(columns=list(example.columns))
        return columns.astype({"asset": "str", "shares": "float64", "close_s": "float64"})
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        st.error(plain(f"{upload.name}: not a table of positions ({reason})"))
        return example.iloc[:0]


def _mark(upload: Any) -> str:
    return "" if upload is None else str(upload.file_id)


def _position(row: dict[Any, Any]) -> dict[str, Any]:
    missing = [name for name in ("asset", "shares") if pd.isna(row.get(name))]
    if missing:
        raise FaultlineError(f"positions: a row has no {missing[0]}; fill it in or delete the row")
    position = {"asset": str(row["asset"]), "shares": float(row["shares"])}
    if not pd.isna(row.get("close_s")):
        position["liquidate"] = {"duration_s": float(row["close_s"])}
    return position


def _validated(kind: Any, fields: dict[str, Any]) -> Any:
    """A study of a kind from its settings; `FaultlineError` names the field that is wrong."""
    from pydantic import ValidationError

    from app.studies.settings import one_line

    try:
        return kind.model_validate({"spec": fields})
    except ValidationError as error:
        raise FaultlineError(one_line(error)) from error
