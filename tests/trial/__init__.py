"""The trial: faults placed on purpose around a real Asterisk; does the first line name the place?

`make trial` runs it as root: `ARGS=--list` names the faults. Everything that is measured is real:
Asterisk, SIPp, the echo server, the engine, each in a network namespace of its own, and between
them a forwarder that loses, holds and swaps packets (the kernels that we have lack netem).
"""
