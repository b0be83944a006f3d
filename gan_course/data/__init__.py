"""Small real worlds that ship with the course; data/ATTRIBUTION.md names their sources."""
