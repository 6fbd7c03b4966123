"""The one-line door for analysts: prices of nodes for a period, as a Polars frame, without knowing OASIS."""
