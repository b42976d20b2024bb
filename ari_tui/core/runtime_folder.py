"""An engine's Unix socket: its path, its permissions, and one engine for each application."""

from __future__ import annotations

import contextlib
import grp
import os
import socket
import stat
import tempfile
from pathlib import Path

from ari_tui.core.errors import BindError, ConfigError

SERVICE_FOLDER = Path("/run/ari-tui")
"""Where the system service has its engine's socket, for its group."""
_PRIVATE, _SHARED = 0o700, 0o750


def runtime_folder() -> Path:
    """Return the folder of our sockets: `$XDG_RUNTIME_DIR/ari-tui`, else one in /tmp.

    Its mode is 0700, or 0750 where an engine shares its socket with a group; any other becomes
    0700. Raises BindError when it belongs to another user.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = (
        Path(base) / "ari-tui" if base else Path(tempfile.gettempdir()) / f"ari-tui-{os.getuid()}"
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise BindError(f"{folder} is not ours: remove it, or set XDG_RUNTIME_DIR")
        if stat.S_IMODE(found.st_mode) not in (_PRIVATE, _SHARED):
            folder.chmod(_PRIVATE)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BindError(
            f"cannot make {folder} for our socket: {reason} (set XDG_RUNTIME_DIR)"
        ) from error
    return folder


def socket_path(app: str) -> Path:
    """Return the path of the engine's socket for an application."""
    return runtime_folder() / f"{app}.sock"


def running_engines() -> list[Path]:
    """Return the sockets of the engines that run: this user's, and the service's if we may.

    Raises BindError as `runtime_folder`.
    """
    folders = {runtime_folder(), SERVICE_FOLDER}
    return sorted(path for folder in folders for path in _sockets(folder) if is_listening(path))


def engine_socket(app: str, command: str) -> Path | None:
    """Return the socket of an application's engine, else of the only engine; None where none runs.

    Raises ConfigError when several run and none of them is the application's, with `command` for
    each to paste; BindError as `runtime_folder`.
    """
    path = socket_path(app)
    if is_listening(path):
        return path
    others = running_engines()
    if len(others) > 1:
        running = "".join(f"\n  {command} {found}" for found in others)
        raise ConfigError(f"no engine of application {app} runs here; these run:{running}")
    return others[0] if others else None


def _sockets(folder: Path) -> list[Path]:
    try:
        found = [Path(entry.path) for entry in os.scandir(folder) if entry.name.endswith(".sock")]
    except OSError:  # no such folder, or no permission
        return []
    return [path for path in found if os.access(path, os.W_OK)]


def group_id(name: str) -> int | None:
    """Return the id of `http.socket_group`; None for "". Raises ConfigError when there is none."""
    if not name:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise ConfigError(f"http.socket_group: there is no group {name} on this machine") from None


def bind_unix(path: Path, group: int | None = None) -> socket.socket:
    """Bind a listening Unix socket, mode 0600; the socket of a killed engine is replaced.

    With a group the socket is 0660 and its folder 0750, both owned by the group. Raises BindError
    when an engine listens there, or when the group's ownership is not permitted.
    """
    if path.exists() and is_listening(path):
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
    if group is not None:
        _share(path, group, sock)
    sock.listen(128)
    return sock


def _share(path: Path, group: int, sock: socket.socket) -> None:
    """Give a group access to a socket: first the ownership, then the mode."""
    try:
        for shared, mode in ((path, 0o660), (path.parent, _SHARED)):
            os.chown(shared, -1, group)
            shared.chmod(mode)
    except OSError as error:
        sock.close()
        with contextlib.suppress(OSError):
            path.unlink()
        reason = (error.strerror or str(error)).lower()
        raise BindError(
            f"cannot give {path} to http.socket_group: {reason} (the user that runs ari-tui must "
            "be a member of that group)"
        ) from error


def is_listening(path: Path) -> bool:
    """Return whether an engine listens at a path; the file of one that was killed remains."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return path.is_socket()  # a full backlog: it listens but is busy or stopped
        return True
