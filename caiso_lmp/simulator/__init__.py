"""An OASIS on loopback: made prices, rendered as OASIS renders them."""
