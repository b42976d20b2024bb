"""The one document that screens, files and HTTP are drawn from. No I/O but its reader."""
