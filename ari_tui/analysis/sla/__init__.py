"""The verdict by evidence: profiles of limits, evidence in clean seconds, proof, alarms."""
