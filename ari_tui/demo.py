"""The whole system on loopback: simulated Asterisk, echo server and engine, each a child.

Nothing is special about a demo's engine: it is `ari-tui run --headless` with the ports that the
others say on their ready lines.
"""

from __future__ import annotations

from ari_tui.loopback import run_on_loopback
from ari_tui.options import DemoOptions, RunOptions
from ari_tui.process import ParentLink


async def run_demo(options: DemoOptions, link: ParentLink) -> int:
    """Run the demo until its engine ends, a signal comes or the parent lets go; return the code.

    How it ends, and what it raises, is `loopback.run_on_loopback`'s matter.
    """
    return await run_on_loopback(
        options.settings,
        link,
        echo=_echo_arguments(options),
        sim=_sim_arguments(options),
        engine=_engine_arguments(options.run),
        stay=options.run.stay,
        app="demo",
    )


def _echo_arguments(options: DemoOptions) -> list[str]:
    seed = [] if options.seed is None else ["--seed", str(options.seed)]
    impair = ["--impair", options.impair] if options.impair else []
    return ["echo", "--port", "0", "--quiet", *impair, *seed]


def _sim_arguments(options: DemoOptions) -> list[str]:
    seed = [] if options.seed is None else ["--seed", str(options.seed)]
    impair = ["--impair-media", options.impair_media] if options.impair_media else []
    lasting = options.call_duration_s
    duration = [] if lasting is None else ["--call-duration", str(lasting)]
    return [
        "sim",
        "--port",
        "0",
        "--calls",
        str(options.calls),
        "--quiet",
        *impair,
        *duration,
        *seed,
    ]


def _engine_arguments(run: RunOptions) -> list[str]:
    duration = [] if run.duration_s is None else ["--duration", str(run.duration_s)]
    return ["run", "--headless", *duration]
