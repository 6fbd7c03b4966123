"""OASIS → raw files on disk."""
