"""The user interface: a Textual app of the document stream, without engine, media or ARI code."""
