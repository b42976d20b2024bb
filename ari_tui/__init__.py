"""ari-tui: says within a minute whether bad audio is Asterisk, the network or the far end.

Workers forward packets and log one fixed record for each; the analysis folds records into the
metrics store; everything a person or a program sees is drawn from one snapshot of that store.

The map of the house. A floor imports only from the floors below it::

    errors, config, process, log,
    cancellation, backoff, charts  the cellar: used from every floor, import nothing above
    wire/        0  RTP header, packet-log record, status query, sequence numbers
    analysis/    0  pure, numpy: fold, lateness, jitter, gaps, histograms
    media/       1  sockets, ring, worker, control, port pool, echo server, impairment
    ari/         1  ARI models, REST client, event WebSocket, the call machine
    snapshot/    1  the one document: model, metrics, builder; its readers: source, actions
    engine/      2  supervisor, switchboard, service, door (HTTP)
    sim/         2  simulated Asterisk: ARI server and RTP sources
    pcap/        2  a capture's RTP streams through the same analysis
    report/      2  JSON lines, status line, final report
    ui/          2  the screen: app, screens, widgets; reads snapshots, knows no engine
    demo         3  simulator, echo server and engine as children
    onscreen     3  the screen's life: engine started, terminal taken and given back
    cli          4  arguments and wiring

`tests/test_house.py` holds the floors.
"""

__version__ = "0.1.0"
