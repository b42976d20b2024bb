"""The documents that everything is drawn from: their structs, metrics and JSON Schema.

No I/O and no numpy: a screen reads them too.
"""
