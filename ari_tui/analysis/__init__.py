"""Statistics as pure functions over arrays of records. No I/O, no clock, no sockets."""
