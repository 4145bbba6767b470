"""Scenario files: what ships is sound, and every mistake gets one clear line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from engine.scenario import Scenario, list_scenarios, load_scenario, parse_scenario
from engine.shocks import ShockPlan, Tilt
from engine.spec import RunSpec
from model.errors import ScenarioError
from model.events import Recording
from model.profile import AssetProfile

PROFILE = AssetProfile(
    asset="TEST",
    tick_size=0.01,
    price_ticks=22_000,
    spread_ticks=11.0,
    spread_pmf=[0.5, 0.5],
    liquidity=1,
    events_per_s=7.0,
    volume_per_s=40.0,
    volatility_bps=3.0,
    shape_occupied=[1.0, 0.5],
    shape_size=[100.0, 200.0],
    order_size_quantiles=[1.0, 100.0, 500.0],
)

GOOD = """\
name: mine
title: Mine
description: A sale.
shocks:
  - kind: liquidation
    side: sell
    share: 0.2
    start_s: 60
    duration_s: 60
    slices: 6
"""


@pytest.mark.parametrize("name", list_scenarios())
def test_bundled_scenarios(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert name == "none" or scenario.provenance
    plan = scenario.compile(1.0, PROFILE, 300.0)
    assert isinstance(plan, ShockPlan)
    if name != "none":
        start, end = scenario.window_s or (0.0, 0.0)
        assert start == 60.0, "leave a minute before the shock"
        assert end <= 180.0, "leave two minutes after it"
        assert not plan.does_nothing
        assert scenario.parameters
        assert all(p.low < p.high and p.unit for p in scenario.parameters.values())
    assert len(scenario.describe(1.0, PROFILE)) == len(scenario.shocks)
    again = RunSpec.model_validate_json(RunSpec(asset="A", scenario=scenario).model_dump_json())
    assert again.scenario == scenario


def test_what_ships() -> None:
    assert list_scenarios() == [
        "none",
        "activity_burst",
        "closing_imbalance",
        "fat_finger",
        "flash_crash",
        "limit_down",
        "liquidation",
        "liquidity_drought",
        "liquidity_withdrawal",
        "market_maker_outage",
        "news_gap",
        "news_halt",
        "one_sided_panic",
        "order_flow_imbalance",
        "quote_stuffing",
        "slow_grind",
        "spoofing",
        "stop_loss_cascade",
        "tick_reform",
        "volatility_spike",
    ]


EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "scenarios" / "examples"


def test_examples_of_the_documentation(amzn: Recording) -> None:
    """What cannot ship for every model and asset works as written."""
    found = sorted(EXAMPLES.glob("*.yaml"))
    assert {path.stem for path in found} == {"recorded_minute", "reweighted_retreat"}
    profile = PROFILE.model_copy(update={"tick_size": amzn.events.meta.tick_size})
    for path in found:
        scenario = load_scenario(path)
        assert scenario.name == path.stem
        assert not scenario.compile(1.0, profile, 300.0).does_nothing
    tilted = load_scenario(EXAMPLES / "reweighted_retreat.yaml", {"cancel": 3.0})
    assert {Tilt.CANCEL_ODDS, Tilt.PRESSURE} < set(tilted.compile(1.0, profile, 300.0).tilt_kind)


def test_none() -> None:
    none = Scenario.none()
    assert load_scenario("none") == none
    assert none.window_s is None
    assert none.max_intensity == 10.0
    assert len(none.compile(1.0, PROFILE, 1.0).tilt_kind) == 0


def test_parents_are_positions_and_orders_are_in_time_order() -> None:
    text = GOOD + GOOD[GOOD.index("  - kind") :].replace("start_s: 60", "start_s: 65")
    plan = parse_scenario(text, "two.yaml").compile(1.0, PROFILE, 300.0)
    assert (np.diff(plan.order_time_ns) >= 0).all()
    assert list(plan.order_parent) == [0, 1] * 6


def test_intensity_and_window_errors_name_the_shock() -> None:
    scenario = load_scenario("flash_crash")
    with pytest.raises(
        ScenarioError, match=r"^scenario flash_crash: shocks\[0\] \(liquidation\): w"
    ):
        scenario.compile(1.0, PROFILE, 100.0)
    assert scenario.max_intensity < 10.0
    with pytest.raises(ScenarioError, match=r"shocks\[4\] \(activity_burst\): intensity 9 is out"):
        scenario.compile(9.0, PROFILE, 300.0)


def test_a_file_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text(GOOD)
    assert load_scenario(path) == load_scenario(str(path)) == parse_scenario(GOOD, "x")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "share:",
            "sharee:",
            "x.yaml: shocks[0].sharee: unknown key; did you mean share? allowed: start_s,"
            " duration_s, intensity, assets, kind, side, share, slices, schedule",
        ),
        (
            "title:",
            "intensity: 2\ntitle:",
            "x.yaml: intensity: unknown key; allowed: name, title, description, provenance,"
            " notes, parameters, shocks",
        ),
        (
            "    slices: 6\n",
            "",
            "x.yaml: shocks[0].slices: missing (number of market orders (pov: of looks at the"
            " volume)); add it",
        ),
        (
            "kind: liquidation",
            "kind: earthquake",
            "x.yaml: shocks[0].kind: 'earthquake' is not known; allowed: activity_burst,"
            " cancel_wave, depth_removal",
        ),
        (
            "- kind: liquidation\n    side",
            "- side",
            "x.yaml: shocks[0].kind: missing; allowed: activity_burst, cancel_wave,"
            " depth_removal",
        ),
        (
            "side: sell",
            "side: short",
            "x.yaml: shocks[0].side: 'short' is not allowed; allowed: 'buy' or 'sell'",
        ),
        (
            "share: 0.2",
            "share: 1.5",
            "x.yaml: shocks[0].share: 1.5 is not allowed; must be less than or equal to 1"
            " (size as a share of the volume usually traded in the window)",
        ),
        (
            "share: 0.2",
            "share: .nan",
            "x.yaml: shocks[0].share: nan is not allowed; must be a finite number"
            " (size as a share of the volume usually traded in the window)",
        ),
        (
            "share: 0.2",
            "share: a lot",
            "x.yaml: shocks[0].share: 'a lot' is not allowed; must be a valid number"
            " (size as a share of the volume usually traded in the window)",
        ),
        (
            "slices: 6",
            "slices: 6.5",
            "x.yaml: shocks[0].slices: 6.5 is not allowed; must be a valid integer"
            " (number of market orders (pov: of looks at the volume))",
        ),
        (
            "start_s: 60",
            "start_s: -1",
            "x.yaml: shocks[0].start_s: -1 is not allowed; must be greater than or equal to 0"
            " (start, seconds after the run's start)",
        ),
        (
            "kind: liquidation\n    side: sell\n    share: 0.2",
            "kind: activity_burst\n    factor: 2\n    ramp_s: 30",
            "x.yaml: shocks[0].slices: unknown key; allowed: start_s, duration_s, intensity,"
            " assets, ramp_s, kind, factor",
        ),
        (
            "side: sell\n    share: 0.2\n    start_s: 60\n    duration_s: 60\n    slices: 6",
            "factor: 2\n    ramp_s: 30\n    start_s: 60\n    duration_s: 60",
            "x.yaml: shocks[0].factor: unknown key; allowed: start_s, duration_s, intensity,"
            " assets, kind, side, share, slices",
        ),
        (
            "share: 0.2",
            "share: 0.2\n    share: 0.3",
            "x.yaml: line 8: key 'share' stands twice; keep one",
        ),
        ("name: mine", "name: My own", "x.yaml: name: 'My own' is not allowed; must match"),
        ("title: Mine", "title: ''", "x.yaml: title: '' is not allowed; must have at least 1"),
        ("title: Mine", "title: [", "x.yaml: line "),
        ("title: Mine", "title: !!python/name:os.system", "x.yaml: line 2: could not determine a"),
        (GOOD, "just text", "x.yaml: a scenario is a mapping with the keys name, title,"),
        (GOOD, "", "x.yaml: a scenario is a mapping with the keys name, title,"),
        (GOOD[GOOD.index("shocks") :], "shocks: 3", "x.yaml: shocks: 3 is not allowed; must be a "),
        (
            GOOD[GOOD.index("shocks") :],
            "shocks: [3]",
            "x.yaml: shocks[0]: 3 is not allowed; must be a mapping",
        ),
        ("title: Mine", "1: Mine", "x.yaml: line 2: key 1 is not text"),
        ("title: Mine", "? [1]\n: Mine", "x.yaml: line 2: key [1] is not text"),
        ("title: Mine", "title: Mine\n<<: {a: 1}", "x.yaml: line 3: could not determine a"),
        ("title: Mine", "title: 2012-99-99", "x.yaml: not a YAML file (month must be in 1..12)"),
    ],
)  # fmt: skip
def test_mistakes(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(GOOD.replace(old, new), "x.yaml")
    text = str(caught.value)
    assert text.startswith(message)
    assert "\n" not in text


def test_rules_between_keys() -> None:
    text = GOOD[: GOOD.index("  - kind")] + (
        "  - {kind: activity_burst, factor: 2, start_s: 1, duration_s: 9, ramp_s: 5}\n"
    )
    with pytest.raises(
        ScenarioError,
        match=r"^x: shocks\[0\]: ramp_s 5 does not fit: it must be less than half of duration_s$",
    ):
        parse_scenario(text, "x")


def test_unknown_scenario_lists_the_known_ones() -> None:
    with pytest.raises(
        ScenarioError, match=r"^scenario 'crash' is not known; known: none, activity_burst, closing"
    ):
        load_scenario("crash")
    with pytest.raises(ScenarioError, match="is not known"):
        load_scenario("../scenarios/flash_crash")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"no\.yaml: scenario cannot be read \(No such file"):
        load_scenario(tmp_path / "no.yaml")
    (tmp_path / "bin.yaml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ScenarioError, match="not a text file in UTF-8"):
        load_scenario(tmp_path / "bin.yaml")
    (tmp_path / "nul.yaml").write_bytes(b"name: \x00")
    with pytest.raises(ScenarioError, match=r"nul\.yaml: not a YAML file") as caught:
        load_scenario(tmp_path / "nul.yaml")
    assert "\n" not in str(caught.value)


PARAMETRIC = GOOD.replace("share: 0.2", "share: $sold").replace(
    "shocks:",
    "parameters:\n  sold: {default: 0.2, low: 0.1, high: 0.9, description: shares sold}\nshocks:",
)


def test_parameters_are_put_in_their_places() -> None:
    assert parse_scenario(PARAMETRIC, "x").shocks == parse_scenario(GOOD, "x").shocks
    chosen = parse_scenario(PARAMETRIC, "x", {"sold": 0.5})
    assert chosen.shocks[0].share == 0.5  # type: ignore[union-attr]
    assert chosen.parameters["sold"].value == 0.5
    again = RunSpec.model_validate_json(RunSpec(asset="A", scenario=chosen).model_dump_json())
    assert again.scenario == chosen


@pytest.mark.parametrize(
    ("old", "new", "values", "message"),
    [
        ("", "", {"sold": 2.0}, "x: sold: 2 is out of range; choose 0.1 to 0.9"),
        ("", "", {"bought": 0.2}, "x: bought is not a parameter; known: sold"),
        ("$sold", "$soled", {}, "x: $soled is not a parameter; parameters: sold"),
        ("$sold", "0.3", {}, "x: parameters.sold: no shock uses it; write $sold as a value"),
        ("low: 0.1", "low: 0.3", {}, "x: parameters.sold: default 0.2 must lie between low 0.3"),
        ("low: 0.1, ", "", {}, "x: parameters.sold: low: missing (least value); add it"),
        ("default: 0.2", "default: x", {}, "x: parameters.sold: default: 'x' is not allowed"),
    ],
)  # fmt: skip
def test_mistakes_in_parameters(old: str, new: str, values: dict[str, float], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(PARAMETRIC.replace(old, new), "x", values)
    assert str(caught.value).startswith(message)


def test_inheritance(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(PARAMETRIC)
    more = "more_shocks:\n  - {kind: activity_burst, factor: 2, start_s: 60, duration_s: 9}\n"
    child = "name: child\nextends: parent.yaml\nparameters: {sold: {default: 0.4}}\n" + more
    (tmp_path / "child.yaml").write_text(child)
    found = load_scenario(tmp_path / "child.yaml")
    assert (found.name, found.title) == ("child", "Mine")
    assert [shock.kind for shock in found.shocks] == ["liquidation", "activity_burst"]
    assert found.shocks[0].share == 0.4  # type: ignore[union-attr]
    limit_down, crash = load_scenario("limit_down"), load_scenario("flash_crash")
    assert limit_down.shocks[:-1] == crash.shocks
    (tmp_path / "parent.yaml").write_text("name: circle\nextends: child.yaml\n")
    with pytest.raises(ScenarioError, match="form a circle"):
        load_scenario(tmp_path / "child.yaml")
    with pytest.raises(ScenarioError, match="more_shocks adds to those of a scenario"):
        parse_scenario(GOOD + more, "x")
    with pytest.raises(ScenarioError, match=r"no\.yaml: scenario cannot be read"):
        parse_scenario("extends: no.yaml\nname: x\n", str(tmp_path / "x.yaml"))


def test_none_can_be_extended_though_it_has_no_file() -> None:
    child = parse_scenario("name: quiet\nextends: none\ntitle: Quiet\n", "quiet.yaml")
    assert (child.name, child.title, child.shocks) == ("quiet", "Quiet", ())
    assert child.description == Scenario.none().description


def test_assets_and_own_intensities() -> None:
    text = GOOD.replace("slices: 6", "slices: 6\n    assets: [AMZN]\n    intensity: 2")
    scenario = parse_scenario(text, "x")
    assert scenario.compile(1.0, PROFILE, 300.0).does_nothing
    assert scenario.describe(1.0, PROFILE) == ["Does nothing to TEST (AMZN alone)."]
    amzn = PROFILE.model_copy(update={"asset": "AMZN"})
    twice = parse_scenario(GOOD, "x").compile(2.0, amzn, 300.0)
    assert scenario.compile(1.0, amzn, 300.0).order_size.sum() == twice.order_size.sum()
    assert scenario.max_intensity == 5.0
    with pytest.raises(ScenarioError, match=r"shocks\[0\]\.assets: 'XYZ' is not known; known: AM"):
        parse_scenario(text.replace("AMZN", "XYZ"), "x")


def test_exclusive_shocks_do_not_overlap() -> None:
    def two(start: int, assets: str = "[]") -> str:
        return GOOD[: GOOD.index("  - kind")] + (
            "  - {kind: tick_size, factor: 2, start_s: 10, duration_s: 10, assets: [AMZN]}\n"
            f"  - {{kind: tick_size, factor: 3, start_s: {start}, duration_s: 5,"
            f" assets: {assets}}}\n"
        )

    parse_scenario(two(20), "x")
    parse_scenario(two(12, "[GOOG]"), "x")
    with pytest.raises(ScenarioError, match=r"^x: shocks\[0\] and shocks\[1\] \(tick_size\) over"):
        parse_scenario(two(12), "x")


@pytest.mark.parametrize("field", ["title", "description", "provenance", "notes"])
def test_words_that_would_steer_a_terminal(field: str) -> None:
    with pytest.raises(ValidationError, match="control character"):
        Scenario.model_validate(Scenario.none().model_dump() | {field: "a\x1b[2Jb"})
    assert Scenario.model_validate(Scenario.none().model_dump() | {field: "a\n\tb – é"})
