"""The command line: one file a command, listed in `cli/main.py`. Reads arguments, nothing below does."""
