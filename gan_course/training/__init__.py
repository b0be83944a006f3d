"""Losses, penalties, steps, and the small loop that drives them."""
