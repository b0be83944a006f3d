"""Small real worlds that ship with the course; see data/ATTRIBUTION.md for where they come from."""
