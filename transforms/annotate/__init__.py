"""The annotation round trip: what people are asked, and what they answer."""
