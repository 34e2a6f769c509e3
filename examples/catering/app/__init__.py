"""Catering booking backend."""
