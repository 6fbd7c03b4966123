"""The node catalogue: which nodes there are, of what kind, since when, and what belongs to what."""
