"""The files of deploy/: the unit verifies, and unit and image start a command that exists, without root."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cli import cli

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "deploy" / "signalproof-paper.service"
IMAGE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
VERIFY = shutil.which("systemd-analyze")


@pytest.mark.skipif(VERIFY is None, reason="no systemd-analyze here")
def test_the_unit_verifies(tmp_path: Path) -> None:
    program = tmp_path / "signalproof"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/signalproof/bin/signalproof", str(program)))
    done = subprocess.run([VERIFY or "", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


@pytest.mark.skipif(VERIFY is None, reason="no systemd-analyze here")
def test_the_unit_leaves_little_open() -> None:
    command = [VERIFY or "", "security", "--offline=true", "--threshold=20", UNIT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_unit_and_image_start_a_command_that_exists() -> None:
    (started,) = re.findall(r"^ExecStart=\S+/signalproof (\S+)", UNIT.read_text(encoding="utf-8"), re.M)
    (default,) = re.findall(r'^CMD \["(\S+)"\]', IMAGE, re.M)
    assert started == default
    assert started in cli.commands


def test_the_image_does_not_run_as_root_and_takes_no_secrets_with_it() -> None:
    last = IMAGE[IMAGE.rindex("FROM") :]
    assert last.index("USER signalproof") < last.index("ENTRYPOINT")
    assert re.search(r"^VOLUME /workspace$", last, re.M)
    assert "HEALTHCHECK" in last
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored, "everything is left out but what is named"
    named = {line[1:] for line in ignored if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY (?!--from)(.*)$", IMAGE, re.M) for name in line.split()[:-1]}
    assert copied == named
    assert all((ROOT / name).exists() for name in named)


def test_the_health_of_the_image_is_the_file_that_the_heart_touches() -> None:
    from engine.pipeline.alive import BEAT_S
    from engine.pipeline.workspace import Workspace

    assert f"{Workspace(Path()).alive_path.as_posix()} -mmin -1" in IMAGE
    assert BEAT_S * 4 < 60
    (watchdog,) = re.findall(r"^WatchdogSec=(\d+)$", UNIT.read_text(encoding="utf-8"), re.M)
    assert int(watchdog) > BEAT_S * 4
