"""The packet log: a ring of 48-byte records in shared memory, one writer, one reader.

The only package that maps shared memory. No sockets, no event loop, no numpy.
"""
