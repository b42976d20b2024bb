"""The engine: runs calls by ARI and media workers, analyzes them, serves documents.

One process, one event loop. Nothing of the screen comes in here; it reads `/stream`.
"""
