"""What maintainers run in a clone; not installed, imported by nothing."""
