"""Reports as one HTML file that opens offline: page, charts, style. Everything foreign is escaped."""
