"""The process that owns calls: workers, ARI, the fold, snapshots and the door."""
