"""One raw file → one frame, without side effects."""
