"""Pandera models of the raw and of the tidy frame, what they find wrong, and where it goes."""
