"""The books whose law is known are what they say: what they simulate follows the law they give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from benchmarks.event_classes import CLASSES, classes_of, mid_direction, token_classes
from benchmarks.known_truth import KnownMarket, Sample
from benchmarks.markov_book import LONGEST, NEXT_QUEUE, WIDEST, MarkovBook
from benchmarks.poisson_book import PROFILE, PoissonBook
from model.events import NS_PER_S, Side
from model.features import flow_features
from model.tokenizer import fit_tokenizer

EXPECTED = 5.0  # the usual least expected count of a cell


def chi_square(sample: Sample, market: KnownMarket) -> float:
    """p-value of the counts of each class in each touch, given how often the touch was met."""
    touches, at = np.unique(sample.touch, axis=0, return_inverse=True)
    counts = np.zeros((len(touches), CLASSES))
    np.add.at(counts, (at, sample.happened), 1)
    law = market.law(*touches.T)
    assert counts[law == 0].sum() == 0
    expected = law * counts.sum(1, keepdims=True)
    kept = (np.where(law > 0, expected, np.inf) >= EXPECTED).all(1)
    assert counts[kept].sum() > 0.8 * counts.sum()
    cells = kept[:, None] & (law > 0)
    statistic = ((counts - expected)[cells] ** 2 / expected[cells]).sum()
    return float(chi2.sf(statistic, cells.sum() - kept.sum()))


@pytest.mark.parametrize("market", [MarkovBook(), PoissonBook()], ids=lambda m: m.name)
def test_flow_follows_the_law(market: KnownMarket) -> None:
    sample = Sample.draw(market, 40_000, 3)
    assert len(sample.happened) == pytest.approx(40_000, rel=0.01)
    assert chi_square(sample, market) > 1e-3


def test_the_test_sees_another_law() -> None:
    sample = Sample.draw(MarkovBook(), 40_000, 3)
    assert chi_square(sample, replace(MarkovBook(), market=1.3)) < 1e-6


def test_markov_book_stays_in_its_states_and_waits_as_long_as_it_should() -> None:
    book = MarkovBook()
    (recording,) = book.simulate(40_000, 5)
    quotes = recording.quotes
    assert quotes is not None
    spread = quotes.ask_ticks - quotes.bid_ticks
    assert (np.unique(spread) == 1 + np.arange(WIDEST)).all()
    for size in (quotes.bid_size, quotes.ask_size):
        assert (np.unique(size) == 1 + np.arange(LONGEST)).all()
    rates = book.rates(spread, quotes.bid_size, quotes.ask_size).sum(1)[:-1]
    waits = np.diff(recording.events.time_ns) / NS_PER_S * rates
    assert kstest(waits, "expon").pvalue > 1e-3
    receded = np.flatnonzero(np.diff(quotes.bid_ticks) < 0) + 1
    revealed = np.bincount(quotes.bid_size[receded], minlength=LONGEST + 1)[1:]
    expected = NEXT_QUEUE * len(receded)
    assert chi2.sf(((revealed - expected) ** 2 / expected).sum(), LONGEST - 1) > 1e-3


def test_both_books_are_their_own_mirror_image() -> None:
    spread, bid, ask = np.array([1, 2, 3]), np.array([1, 4, 2]), np.array([3, 1, 2])
    for market in (MarkovBook(), PoissonBook()):
        law, other = market.law(spread, bid, ask), market.law(spread, ask, bid)
        np.testing.assert_allclose(law, np.roll(other, CLASSES // 2, axis=1))
        drift = (law * mid_direction(bid, ask)).sum(1)
        assert drift[2] == pytest.approx(0)
        assert (np.abs(drift[:2]) > 0.01).all()


@pytest.mark.parametrize("market", [MarkovBook(), PoissonBook()], ids=lambda m: m.name)
def test_classes_are_those_of_the_tokens_and_move_the_mid_as_said(market: KnownMarket) -> None:
    recording = market.simulate(2000, 7)[0]
    features, _ = flow_features(recording, PROFILE)
    tokens, _ = fit_tokenizer("touch", [features]).encode(features)
    happened = classes_of(features)
    np.testing.assert_array_equal(token_classes()[tuple(tokens[:, :3].T)], happened)
    quotes = recording.quotes
    assert quotes is not None
    before = features.row - 1
    told = mid_direction(quotes.bid_size[before], quotes.ask_size[before])
    moved = np.sign(np.diff(quotes.bid_ticks + quotes.ask_ticks))[before]
    np.testing.assert_array_equal(told[np.arange(len(happened)), happened], moved)
    assert {-1.0, 0.0, 1.0} == set(moved)
    assert set(features.side) == {Side.BUY, Side.SELL}
