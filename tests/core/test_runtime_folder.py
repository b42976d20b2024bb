"""The engine's Unix socket: private, one an application, replaced when its engine is dead."""

import contextlib
import grp
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ari_tui.core import runtime_folder as paths
from ari_tui.core.errors import BindError, ConfigError
from ari_tui.core.runtime_folder import (
    bind_unix,
    group_id,
    running_engines,
    runtime_folder,
    socket_path,
)

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes the user, which needs root")

pytestmark = pytest.mark.usefixtures("runtime_folder")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_socket_are_private_to_the_user(runtime_folder: Path) -> None:
    path = socket_path("tests")
    assert path == runtime_folder / "tests.sock"
    before = os.umask(0)
    try:
        with bind_unix(path):
            assert mode(path) == 0o600
            assert mode(path.parent) == 0o700
        assert os.umask(0) == 0  # given back
    finally:
        os.umask(before)


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    (tmp_path / "ari-tui").mkdir(mode=0o777)
    assert mode(runtime_folder()) == 0o700


def test_without_a_runtime_folder_of_the_user_one_of_our_own_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert runtime_folder() == tmp_path / f"ari-tui-{os.getuid()}"


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ari-tui").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BindError, match="is not ours"):
        runtime_folder()


def test_a_folder_that_cannot_be_made_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(wrong))
        with pytest.raises(BindError, match="XDG_RUNTIME_DIR") as refused:
            runtime_folder()
        assert "None" not in str(refused.value)


def test_a_killed_engines_socket_is_replaced() -> None:
    path = socket_path("tests")
    bind_unix(path).close()  # leaves its file behind, as a killed engine does
    assert path.is_socket()
    with bind_unix(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_running_engines_socket_is_not_replaced() -> None:
    path = socket_path("tests")
    with bind_unix(path) as first:
        with pytest.raises(BindError, match=r"already runs .*choose another asterisk\.app"):
            bind_unix(path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            first.accept()[0].close()


def test_an_engine_too_busy_to_answer_counts_as_running() -> None:
    path = socket_path("tests")
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(path))
        stopped.listen(0)
        waiting = []
        try:
            while True:
                client = socket.socket(socket.AF_UNIX)
                waiting.append(client)
                client.setblocking(False)
                client.connect(str(path))
        except BlockingIOError:
            pass  # its backlog is full now
        with pytest.raises(BindError, match="already runs"):
            bind_unix(path)
        for client in waiting:
            client.close()


def test_a_path_too_long_for_a_socket_is_reported_in_words(tmp_path: Path) -> None:
    with pytest.raises(BindError, match="too long"):
        bind_unix(tmp_path / ("x" * 200))


@contextlib.contextmanager
def another_user(group: int = NOBODY) -> Iterator[None]:
    """Be nobody, in one group."""
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(group, group, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every user can reach, as /run is."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def some_group() -> grp.struct_group:
    return next(group for group in grp.getgrall() if group.gr_gid not in (0, NOBODY))


@needs_root
def test_a_groups_members_may_open_the_socket_and_no_others(open_folder: Path) -> None:
    group = some_group()
    path = socket_path("tests")
    with bind_unix(path, group_id(group.gr_name)):
        for shared, expected in ((path, 0o660), (path.parent, 0o750)):
            assert (mode(shared), shared.stat().st_gid) == (expected, group.gr_gid)
        with another_user(group.gr_gid), socket.socket(socket.AF_UNIX) as member:
            member.connect(str(path))
        with (
            another_user(),
            socket.socket(socket.AF_UNIX) as stranger,
            pytest.raises(PermissionError),
        ):
            stranger.connect(str(path))
        assert socket_path("other").parent == path.parent
        assert (
            mode(path.parent) == 0o750
        )  # whoever looks for an engine does not shut the others out


@needs_root
def test_the_services_engine_is_found_by_those_who_may_open_it(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = some_group()
    path = socket_path("tests")
    monkeypatch.setattr(paths, "SERVICE_FOLDER", path.parent)
    (open_folder / "home").mkdir()
    os.chown(open_folder / "home", NOBODY, NOBODY)
    with bind_unix(path, group.gr_gid):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_folder / "home"))
        with another_user(group.gr_gid):
            assert running_engines() == [path]
        with another_user():
            assert running_engines() == []


@needs_root
def test_a_group_that_is_not_ours_is_reported_and_leaves_no_socket(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    with another_user():
        path = socket_path("tests")
        with pytest.raises(BindError, match=r"http\.socket_group: .*must be a member"):
            bind_unix(path, some_group().gr_gid)
        assert list(path.parent.iterdir()) == []
        assert mode(path.parent) == 0o700


def test_an_unknown_group_is_reported_with_its_key() -> None:
    assert group_id("") is None
    with pytest.raises(ConfigError, match=r"http\.socket_group: there is no group no-such-group"):
        group_id("no-such-group")
