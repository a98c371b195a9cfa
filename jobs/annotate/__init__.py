"""The annotation round trip: rows out for people to label, their labels back in as gold."""
