"""Stylized facts, one a file."""

from stylized_facts.facts.fact import Fact
from stylized_facts.facts.registry import FACTS

__all__ = ["FACTS", "Fact"]
