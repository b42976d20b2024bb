"""Where an engine's Unix socket is, and that there is one engine an application."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from pathlib import Path

from ari_tui.errors import BindError


def runtime_folder() -> Path:
    """Return the folder of our sockets: `$XDG_RUNTIME_DIR/ari-tui`, else one in /tmp, 0700.

    Raises BindError when it exists and is not ours alone.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "ari-tui" if base else Path(tempfile.gettempdir()) / _own_name()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise BindError(f"{folder} is not ours: remove it, or set XDG_RUNTIME_DIR")
        folder.chmod(0o700)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BindError(
            f"cannot make {folder} for our socket: {reason} (set XDG_RUNTIME_DIR)"
        ) from error
    return folder


def _own_name() -> str:
    return f"ari-tui-{os.getuid()}"


def socket_path(app: str) -> Path:
    """Return the path of the engine's socket for an application."""
    return runtime_folder() / f"{app}.sock"


def engines() -> list[Path]:
    """Return the sockets of this user's engines that run. Raises BindError as `runtime_folder`."""
    return sorted(path for path in runtime_folder().glob("*.sock") if answers(path))


def bind_unix(path: Path) -> socket.socket:
    """Bind a listening Unix socket, mode 0600; a dead engine's socket is replaced.

    Raises BindError when an engine answers there.
    """
    if path.exists() and answers(path):
        raise BindError(
            f"an engine for this application already runs ({path}): "
            "ari-tui attach shows it; else stop it, or choose another asterisk.app"
        )
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        sock.bind(str(path))
    except OSError as error:
        sock.close()
        reason = (error.strerror or str(error)).lower()  # a path too long has no number
        raise BindError(f"cannot bind {path}: {reason}") from error
    finally:
        os.umask(before)
    sock.listen(128)
    return sock


def answers(path: Path) -> bool:
    """Tell whether an engine listens at a socket's path; a dead one's file stays behind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return path.is_socket()  # too busy to answer, or stopped: alive all the same
        return True
