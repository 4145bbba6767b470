"""How far synthetic order flow may be believed: facts, distances, floors, verdicts."""

from stylized_facts.facts import FACTS
from stylized_facts.quantities import QUANTITIES
from stylized_facts.sample import MarketSample, SampleError
from stylized_facts.score_row import ScoreRow
from stylized_facts.scorecard import Scorecard, scorecard
from stylized_facts.sheet import FactSheet, fact_sheet

__all__ = [
    "FACTS",
    "QUANTITIES",
    "FactSheet",
    "MarketSample",
    "SampleError",
    "ScoreRow",
    "Scorecard",
    "fact_sheet",
    "scorecard",
]
