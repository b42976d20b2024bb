"""A real terminal for tests: the program in a tmux of its own, keys typed, the pane read."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

WAIT_S = 40.0
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
PROGRAM = (sys.executable, "-m", "ari_tui")


class Terminal:
    """One pane in a tmux server that is this test's alone."""

    def __init__(
        self, folder: Path, width: int, height: int, environment: Mapping[str, str] | None = None
    ) -> None:
        self._runs = 0
        self._socket = folder / "tmux"
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ARI_")},
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(folder),
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "COLORTERM": "truecolor",
            "PYTHONWARNINGS": "",
            **(environment or {}),
        }
        for name in ("TMUX", "NO_COLOR"):
            if name not in (environment or {}):
                self._environment.pop(name, None)
        shell = ["env", "PS1=here$ ", "bash", "--norc", "--noprofile"]
        size = ["-x", str(width), "-y", str(height)]
        self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "it", *size, *shell)
        # what is resized by hand stays so without a client
        self._tmux("set", "-g", "window-size", "manual")
        self.until("the shell", lambda text: "here$" in text)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            env=self._environment,
            cwd=self.home,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def run(self, *arguments: str) -> None:
        """Start the program as a user does, and have the shell say how it ended."""
        self._runs += 1
        line = f'{shlex.join([*PROGRAM, *arguments])}; echo "run {self._runs} left with $?"'
        self._tmux("send-keys", "-t", "it", "-l", line)
        self._tmux("send-keys", "-t", "it", "Enter")

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux' names of them."""
        for key in keys:
            literal = ["-l"] if len(key) == 1 else []
            self._tmux("send-keys", "-t", "it", *literal, "--", key)

    def type(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-t", "it", "-l", "--", text)

    @property
    def text(self) -> str:
        """Return what the pane shows."""
        return self._tmux("capture-pane", "-t", "it", "-p")

    @property
    def colored(self) -> str:
        """Return what the pane shows, with the sequences of its attributes."""
        return self._tmux("capture-pane", "-t", "it", "-p", "-e")

    @property
    def all_text(self) -> str:
        """Return what the pane shows and what has scrolled out of it, lines joined."""
        return self._tmux("capture-pane", "-t", "it", "-p", "-J", "-S", "-")

    @property
    def alternate(self) -> bool:
        """Tell whether the terminal is taken by a full-screen program."""
        return self._tmux("display", "-t", "it", "-p", "#{alternate_on}").strip() == "1"

    @property
    def pid(self) -> int:
        """Return the process that the shell has started, as tmux knows the pane's shell."""
        shell = self._tmux("display", "-t", "it", "-p", "#{pane_pid}").strip()
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-t", "it", "-x", str(width), "-y", str(height))

    def allow_clipboard(self) -> None:
        """Take what a program sends by OSC 52 into a paste buffer; by itself tmux does not."""
        self._tmux("set", "-s", "set-clipboard", "on")

    @property
    def clipboard(self) -> str:
        """Return what a program has sent by OSC 52 last."""
        return self._tmux("show-buffer")

    @property
    def mouse(self) -> bool:
        """Tell whether a program has taken the mouse."""
        return self._tmux("display", "-t", "it", "-p", "#{mouse_any_flag}").strip() == "1"

    @property
    def title(self) -> str:
        """Return the pane's title, which a program may set by OSC 0."""
        return self._tmux("display", "-t", "it", "-p", "#{pane_title}").strip()

    def record(self, file: Path) -> None:
        """Write down every byte that is sent to the pane from now on."""
        self._tmux("pipe-pane", "-t", "it", f"cat > {shlex.quote(str(file))}")

    def hang_up(self) -> None:
        """Have the terminal go away, as when the ssh dies."""
        self._tmux("kill-session", "-t", "it")

    @property
    def attach_command(self) -> list[str]:
        """Return the command of a second client that looks at the pane."""
        return ["env", "-u", "TMUX", "TERM=xterm", "tmux", "-S", str(self._socket), "attach"]

    def detach(self) -> None:
        """Send all clients away."""
        self._tmux("detach-client", "-s", "it")

    def until(self, what: str, holds: Callable[[str], bool], wait_s: float = WAIT_S) -> str:
        """Wait until the pane shows what is wanted, and return it."""
        deadline = time.monotonic() + wait_s
        while not holds(text := self.text):
            assert time.monotonic() < deadline, f"waited {wait_s:g} s for {what}; there is:\n{text}"
            time.sleep(0.05)
        return text

    def until_shown(self, pattern: str) -> str:
        """Wait until a pattern is somewhere in the pane."""
        return self.until(pattern, lambda text: re.search(pattern, text, re.MULTILINE) is not None)

    def until_gone(self, pattern: str) -> str:
        """Wait until a pattern is nowhere in the pane."""
        return self.until(f"no {pattern}", lambda text: not re.search(pattern, text, re.MULTILINE))

    def until_left(self) -> int:
        """Wait until the program has ended; return its exit code."""
        ended = rf"^run {self._runs} left with (\d+)"
        self.until(ended, lambda _: re.search(ended, self.all_text, re.MULTILINE) is not None)
        return int(re.findall(ended, self.all_text, re.MULTILINE)[-1])

    def close(self) -> None:
        """End the server and what runs in it."""
        subprocess.run(
            ["tmux", "-S", str(self._socket), "kill-server"],
            capture_output=True,
            check=False,
            timeout=WAIT_S,
        )
