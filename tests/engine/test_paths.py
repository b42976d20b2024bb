"""The engine's Unix socket: private, one an application, replaced when its engine is dead."""

import os
import socket
import stat
from pathlib import Path

import pytest

from ari_tui.engine.paths import bind_unix, runtime_folder, socket_path
from ari_tui.errors import BindError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_socket_are_ours_alone(runtime_folder: Path) -> None:
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


def test_a_dead_engines_socket_is_replaced() -> None:
    path = socket_path("tests")
    bind_unix(path).close()  # leaves its file behind, as a killed engine does
    assert path.is_socket()
    with bind_unix(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_living_engine_is_left_alone_and_named() -> None:
    path = socket_path("tests")
    with bind_unix(path) as first:
        with pytest.raises(BindError, match=r"already runs .*choose another asterisk\.app"):
            bind_unix(path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            first.accept()[0].close()


def test_an_engine_too_busy_to_answer_is_alive_all_the_same() -> None:
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


def test_a_path_too_long_for_a_socket_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(BindError, match="too long"):
        bind_unix(tmp_path / ("x" * 200))
