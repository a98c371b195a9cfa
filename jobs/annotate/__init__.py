"""The annotation round trip: rows out to people, and what they answered back in as gold."""
