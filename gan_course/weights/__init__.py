"""Loads networks by name or from a file."""
