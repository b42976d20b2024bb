"""Configuration: settings with their types and defaults, and the layers that they are read from.

Nothing here starts, connects or measures.
"""
