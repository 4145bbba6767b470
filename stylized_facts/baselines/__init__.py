"""Baselines that write order flow through the same simulator as TradeFM, and models of returns."""

from stylized_facts.baselines.garch import ReturnsModel
from stylized_facts.baselines.hawkes import CompoundHawkes
from stylized_facts.baselines.hawkes_fit import HawkesSettings
from stylized_facts.baselines.hawkes_residuals import GoodnessOfFit
from stylized_facts.baselines.markov import MarkovChain
from stylized_facts.baselines.queue_reactive import QueueReactive
from stylized_facts.baselines.replay import BlockReplay
from stylized_facts.baselines.zero_intelligence import ZeroIntelligence

__all__ = [
    "BlockReplay",
    "CompoundHawkes",
    "GoodnessOfFit",
    "HawkesSettings",
    "MarkovChain",
    "QueueReactive",
    "ReturnsModel",
    "ZeroIntelligence",
]
