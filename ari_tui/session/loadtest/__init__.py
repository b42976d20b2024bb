"""Load tests: calls placed through ARI, tracked step by step and judged, beside an engine."""
