"""Statistics as pure functions over arrays of records: the fold, the store, and what reads it.

`stream/` measures one RTP stream, `roundtrip/` pairs two, `sla/` gives the verdict; the modules
here are shared. No I/O, clock, socket or event loop, and no import from `document` or above.
"""
