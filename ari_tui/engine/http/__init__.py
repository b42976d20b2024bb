"""The HTTP server: pages, Prometheus metrics and the WebSocket `/stream`."""
