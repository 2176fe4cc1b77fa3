"""Sections to one HTML file that opens offline."""
