"""How the shipped weights are made and measured, one file a kind."""
