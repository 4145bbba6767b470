"""Stylized facts, one a file."""

from stylized_facts.facts.fact import Fact, FactCurve
from stylized_facts.facts.registry import CURVES, FACTS

__all__ = ["CURVES", "FACTS", "Fact", "FactCurve"]
