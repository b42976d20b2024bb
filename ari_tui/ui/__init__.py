"""The screen: a Textual app that reads the snapshot stream. Never the engine, media or ARI."""
