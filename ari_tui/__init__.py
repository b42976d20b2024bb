"""ari-tui: says within a minute whether bad audio is Asterisk, the network or the far end.

Workers forward packets and log one fixed record for each; the analysis folds records into the
metrics store; everything a person or a program sees is drawn from one snapshot of that store.

The map of the house. A floor imports only from the floors below it, and no files import each
other in a circle; `tests/test_house.py` holds both::

    core/         0  errors, text and numbers, exact bounds, log, child processes, tasks, sockets
    wire/         1  RTP header, packet-log record, status query: bytes and numbers
    packet_log/   1  the ring of records in shared memory
    config/       1  settings, their sources, layers and rules
    relay/        2  the media worker
    reflector/    2  the echo server and its impairments
    analysis/     2  pure, numpy: fold, stream/, roundtrip/, sla/, diagnosis/, the store
    ari/          2  ARI models, REST client, events, the sans-I/O call machine
    document/     3  the documents: structs, metrics, JSON Schema
    building/     4  documents out of the store (numpy)
    client/       4  readers of an engine's `/stream` (no numpy)
    report/       4  text/, html/, Nagios
    sim/          4  simulated Asterisk: ARI server and RTP sources
    capture/      5  RTP streams of a capture file through the same analysis
    engine/       5  loop, call manager, workers, analyzer, publisher, http/, alerts/
    ui/           5  the screen: app, screens, widgets; reads documents, knows no engine
    session/      6  whole sessions: on screen, on loopback, calibration, loadtest/
    cli/          7  one file a command
"""

__version__ = "0.1.0"
