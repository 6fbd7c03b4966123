"""Prices as events: what one says, how it becomes bytes, and how it reaches a topic once."""
