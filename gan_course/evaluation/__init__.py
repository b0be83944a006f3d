"""Measures of what a generator makes."""
