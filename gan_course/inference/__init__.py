"""Using trained networks on pictures of any size."""
