"""`make trial`: places the faults one after the other and prints the table; needs root."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import click
import msgspec

from tests.asterisk.rootfs import chosen_release, default_cache, root_folder
from tests.trial.faults import FAULTS, WARM_S, Fault
from tests.trial.scoring import Outcome, passed, score
from tests.trial.site import Arrival, running_site
from tests.trial.table import table


@click.command()
@click.argument("names", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="Print the faults' names.")
@click.option("--seconds", default=30.0, help="How long each fault lasts.", show_default=True)
@click.option("--seed", default="1", help="Of losses and delays.", show_default=True)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A key of the engine.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the table to a file too.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep documents and logs there.")
def main(
    names: tuple[str, ...],
    only_list: bool,
    seconds: float,
    seed: str,
    settings: tuple[str, ...],
    out: Path | None,
    keep: Path | None,
) -> None:
    """Place the named faults, or all. Exits with 1 unless nine of ten are right and none wrong."""
    if only_list:
        click.echo("\n".join(f"{fault.name:<18} {fault.text}" for fault in FAULTS))
        return
    if os.geteuid() != 0:
        raise click.ClickException("the trial makes network namespaces and runs Asterisk: be root")
    if unknown := set(names) - {fault.name for fault in FAULTS}:
        raise click.ClickException(f"no such fault: {', '.join(sorted(unknown))} (see --list)")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [fault for fault in FAULTS if not names or fault.name in names]
    title = f"Trial on Asterisk {chosen_release().major}"
    outcomes: list[Outcome] = []
    with root_folder(default_cache(), chosen_release()) as root:
        for fault in chosen:
            outcomes.append(_try(fault, root, seconds, seed, settings, keep))
            outcome = outcomes[-1]
            click.echo(f"{fault.name:<18} {outcome.verdict:<10} {outcome.line}", err=True)
            if out is not None:
                out.write_text(table(title, outcomes))
    click.echo(table(title, outcomes))
    sys.exit(0 if passed(outcomes) else 1)


def _try(
    fault: Fault,
    root: Path,
    seconds: float,
    seed: str,
    settings: tuple[str, ...],
    keep: Path | None,
) -> Outcome:
    """Start everything, place one fault, end everything."""
    keys = dict(setting.partition("=")[::2] for setting in settings)
    with tempfile.TemporaryDirectory(prefix="aritui-") as temporary:
        folder = Path(temporary) if keep is None else keep / fault.name
        folder.mkdir(parents=True, exist_ok=True)
        with running_site(root, folder, fault.setup, seed=seed, settings=keys) as site:
            time.sleep(WARM_S)
            begin_s = time.monotonic()
            with fault.place(site):
                time.sleep(max(0.0, begin_s + seconds - time.monotonic()))
                end_s = time.monotonic()
                counts = site.network.counts()
        outcome = score(fault, site.arrivals, begin_s, end_s)
        if keep is not None:
            _write(folder, outcome, site.arrivals, (begin_s, end_s), counts)
        return outcome


def _write(
    folder: Path,
    outcome: Outcome,
    arrivals: list[Arrival],
    time_of: tuple[float, float],
    counts: dict[str, dict[str, int]],
) -> None:
    """Write what is needed to judge anew: documents with their time since the fault's begin."""
    begin_s, end_s = time_of
    facts = {**asdict(outcome), "lasted_s": round(end_s - begin_s, 2), "counts": counts}
    (folder / "outcome.json").write_bytes(msgspec.json.format(msgspec.json.encode(facts)))
    lines = [
        msgspec.json.encode({"since_s": round(arrival.at_s - begin_s, 2), **arrival.document})
        for arrival in arrivals
    ]
    (folder / "documents.jsonl").write_bytes(b"\n".join(lines) + b"\n")


if __name__ == "__main__":
    main()
