"""Prices as events, each once: from the warehouse to a topic or a file."""
