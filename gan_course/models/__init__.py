"""Networks. None of them knows a loss."""
