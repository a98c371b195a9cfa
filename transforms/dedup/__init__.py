"""What makes two texts the same, or nearly the same."""
