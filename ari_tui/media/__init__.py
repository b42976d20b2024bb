"""Everything that touches a media socket or the packet log. No ARI, no statistics."""
