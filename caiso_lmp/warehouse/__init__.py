"""Frames ↔ DuckDB: the only package that imports duckdb."""
