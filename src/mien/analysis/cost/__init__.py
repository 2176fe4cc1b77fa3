"""The exact arithmetic of networks: counting rules, the text form, growth. Integers only; needs no torch."""

from mien.analysis.cost.counting import count
from mien.analysis.cost.text import network_from_text

__all__ = ["count", "network_from_text"]
