"""The command line: one file a command, listed in `cli/main.py`. Only here are arguments read."""
