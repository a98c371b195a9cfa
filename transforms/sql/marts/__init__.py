"""The queries of the marts, one file each."""
