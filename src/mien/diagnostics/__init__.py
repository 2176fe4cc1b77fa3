"""Figures of finished numbers: compute first, then draw."""
