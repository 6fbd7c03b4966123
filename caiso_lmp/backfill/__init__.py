"""The story of ``caiso-lmp backfill``: plan → fetch → tidy → validate → keep → load → report."""
