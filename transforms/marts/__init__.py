"""From labels to what the marts are computed from, and what SQL says badly."""
