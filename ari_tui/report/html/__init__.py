"""Reports as one HTML file that opens offline: page, charts, style."""
