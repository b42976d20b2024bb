"""Plain text reports: status line, final report, full report with charts."""
