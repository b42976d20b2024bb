"""The verdict by evidence: profiles of limits, evidence in clean seconds, proof, alarms.

Reads counts per second (`series`) and durations; knows no packet, record or stream.
"""
