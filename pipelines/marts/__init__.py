"""The marts of a lake: base tables from published files, one query a mart, committed as Parquet beside the datasets."""
