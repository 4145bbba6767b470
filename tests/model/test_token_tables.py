"""An asset's own bins: fitted, written with the profile, used in place of the tick regime's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from model.codec import CROSSING
from model.errors import FaultlineError
from model.events import Recording
from model.features import CONTEXTS, flow_features
from model.profile import AssetProfile
from model.token_tables import OWN_KNOTS, TokenTables
from model.tokenizer import KNOTS, Tokenizer, fit_tokenizer, own_tables, tick_regime


@pytest.fixture(scope="module")
def tables(flow: Recording, profile: AssetProfile) -> TokenTables:
    return own_tables(flow_features(flow, profile)[0])


@pytest.fixture(scope="module")
def own(profile: AssetProfile, tables: TokenTables) -> AssetProfile:
    return profile.model_copy(update={"tokens": tables})


def test_written_and_read_with_the_profile(own: AssetProfile, tmp_path: Path) -> None:
    own.write(tmp_path / "profile.json")
    assert AssetProfile.read(tmp_path / "profile.json") == own


def test_of_the_only_asset_they_are_those_of_its_regime(
    flow: Recording, profile: AssetProfile, own: AssetProfile
) -> None:
    features, _ = flow_features(flow, profile)
    tokenizer = fit_tokenizer("touch", [features])
    regime, mine = tokenizer.tables(profile), tokenizer.tables(own)
    assert mine.keys() == regime.keys()
    for name in ("depth_edges", "size_edges", "crossing_edges", "time_edges", "context_edges"):
        np.testing.assert_array_equal(mine[name], regime[name])
    for name in ("depth_values", "size_values", "time_values"):
        step = KNOTS // OWN_KNOTS
        np.testing.assert_allclose(mine[name], regime[name][..., step // 2 :: step], rtol=1e-6)
    np.testing.assert_allclose(mine["shares"], regime["shares"], rtol=1e-6)


def test_another_market_is_binned_by_its_own_ranks(
    flow: Recording, profile: AssetProfile, own: AssetProfile
) -> None:
    """A tokenizer fitted on tiny orders sees others as its last bins; with own bins it sees all."""
    features, _ = flow_features(flow, profile)
    features = replace(features, size=features.size // 1000 + np.arange(len(features)) % 2)
    strange = fit_tokenizer("touch", [features])
    real, _ = flow_features(flow, profile)
    with_own, _ = flow_features(flow, own)
    rest = ~real.crossing
    large = real.size >= 20
    assert len(np.unique(strange.encode(real)[0][rest & large, 3])) == 1
    assert len(np.unique(strange.encode(with_own)[0][rest & large, 3])) == 4
    assert tick_regime(own) == tick_regime(profile)


def test_the_paper_knows_no_assets(
    flow: Recording, profile: AssetProfile, own: AssetProfile
) -> None:
    paper = fit_tokenizer("paper", [flow_features(flow, profile)[0]])
    np.testing.assert_array_equal(paper.tables(own)["size_edges"],
                                  paper.tables(profile)["size_edges"])  # fmt: skip


def test_a_model_that_has_learned_the_shares_keeps_the_bins_of_its_training(
    flow: Recording, profile: AssetProfile, own: AssetProfile
) -> None:
    fitted = fit_tokenizer("touch", [flow_features(flow, profile)[0]])
    learned = replace(fitted, shares=np.zeros_like(fitted.shares))
    again = Tokenizer.from_arrays("touch", CONTEXTS, learned.arrays())
    np.testing.assert_array_equal(again.shares, learned.shares)
    np.testing.assert_array_equal(
        again.tables(own)["size_values"], fitted.tables(profile)["size_values"]
    )


def test_fitting_does_not_lean_on_tables_that_are_there(
    flow: Recording, own: AssetProfile, tables: TokenTables
) -> None:
    assert own_tables(flow_features(flow, own)[0]) == tables


def test_shares_are_those_of_the_flow(
    flow: Recording, profile: AssetProfile, tables: TokenTables
) -> None:
    features, _ = flow_features(flow, profile)
    shares = np.array(tables.shares)
    adds = features.action == 0
    assert shares[0, 0, 0] == pytest.approx(adds.mean(), abs=1e-3)
    assert shares[2, 0, CROSSING] == pytest.approx(features.crossing[adds].mean(), abs=2e-3)
    np.testing.assert_allclose(shares.sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize(("field", "value", "said"), [
    ("size_edges", [1.0, 1.0], "size_edges: edges must be finite and rise"),
    ("time_edges", [float("inf")], "time_edges: edges must be finite and rise"),
    ("context_edges", {"spread": [2.0, 1.0]}, "spread: edges must be finite and rise"),
    ("depth_edges", [0.1 * i for i in range(11)], "at most 10 items"),
    ("time_values", [[-1.0] * OWN_KNOTS] * 16, "time_values: values must be finite and at least"),
    ("time_values", [[1.0] * 7] * 16, "at least 32 items"),
    ("shares", [[[0.1] * 16] * 3] * 4, "at least 5 items"),
])  # fmt: skip
def test_broken_tables_are_refused(
    field: str, value: object, said: str, tables: TokenTables
) -> None:
    with pytest.raises(ValidationError, match=said):
        TokenTables.model_validate(tables.model_dump() | {field: value})


def test_a_broken_file_names_file_and_field(own: AssetProfile, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    edges = list(own.model_dump()["tokens"]["size_edges"])
    broken = own.model_dump_json().replace(str(edges[0]), str(edges[-1] + 1), 1)
    path.write_text(broken)
    with pytest.raises(FaultlineError, match=r"profile\.json: tokens: "):
        AssetProfile.read(path)


def test_contexts_without_edges_have_one_bin(tables: TokenTables) -> None:
    fewer = tables.model_copy(update={"context_edges": {}})
    assert np.isinf(fewer.arrays(CONTEXTS)["context_edges"]).all()
    assert fewer.arrays(())["context_edges"].shape == (0, 31)
