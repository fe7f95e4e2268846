"""Runs beside each other: what differs in answers and requests, and mock against live."""
