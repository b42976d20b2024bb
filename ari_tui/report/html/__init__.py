"""HTML reports: one file that works offline, with page, charts and style sheet."""
