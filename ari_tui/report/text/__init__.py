"""Reports as plain text: the status line, the final report, the full report with charts."""
