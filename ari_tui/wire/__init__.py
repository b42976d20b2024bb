"""Facts of the wire, drawn once: RTP header, log record, status query. Pure, without numpy."""
