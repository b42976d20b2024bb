"""Load tests: calls placed through ARI beside a running engine, followed step by step, judged."""
