"""Reports from documents: status line, JSON lines, plain text, HTML, Nagios output."""
