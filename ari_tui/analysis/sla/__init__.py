"""The SLA: profiles of limits, evidence in clean seconds, the verdict, alarms, calibration.

Reads per-second counts (`series`) and durations; does not depend on packets, records or streams.
"""
