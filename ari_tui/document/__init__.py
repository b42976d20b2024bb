"""The documents for all outputs: structs, metrics and JSON Schema. Without I/O and numpy."""
