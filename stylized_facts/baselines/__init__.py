"""Baselines that write order flow through the same simulator as TradeFM."""

from stylized_facts.baselines.hawkes import CompoundHawkes
from stylized_facts.baselines.hawkes_fit import HawkesSettings
from stylized_facts.baselines.hawkes_residuals import GoodnessOfFit
from stylized_facts.baselines.zero_intelligence import ZeroIntelligence

__all__ = ["CompoundHawkes", "GoodnessOfFit", "HawkesSettings", "ZeroIntelligence"]
