"""A name or a file -> a network."""
