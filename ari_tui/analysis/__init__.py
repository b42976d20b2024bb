"""Statistics as pure functions over arrays of records: the fold, the store, what is read from it.

`stream/` measures one RTP stream, `roundtrip/` pairs two, `sla/` judges; the modules here serve all
three. No I/O, clock, socket or event loop comes in, and nothing from `document` or above.
"""
