"""Servers that stand in for real ones, at the wire."""
