"""Whatever goes wrong on the command line is one line on stderr, an exit code, and no traceback."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

import ligandose.course
from ligandose.cli import main
from ligandose.errors import SolverError

STUDY = "agent: 177Lu-PSMA-617\npatients: 3\n"
# A course of nothing, in the place of a true one: these tests are about what surrounds it.
STAND_IN = """
    import sys, time
    import ligandose.course

    class Course:
        def with_knowledge(self, ratios):
            return self

        def document(self):
            return {"document": "ligandose.course", "patients": 3, "seed": 1, "failed": [],
                    "agent": {"name": "x"}, "omissions": [], "provenance": {}}

    def simulate(agent, host, regimen, *, progress, **options):
        WORK
        return Course()

    ligandose.course.simulate = simulate
    ligandose.course.knowledge_ratios = lambda *parts, **options: {}
    from ligandose.cli import main
    sys.exit(main(sys.argv[1:]))
"""


class Course:
    """A course of nothing, whose document has what the command line itself looks at."""

    def __init__(self, failed: list[dict[str, Any]] | None = None) -> None:
        self.failed = failed or []

    def with_knowledge(self, ratios: object) -> Course:
        return self

    def document(self) -> dict[str, Any]:
        return {
            "document": "ligandose.course", "patients": 3, "seed": 1, "failed": self.failed,
            "agent": {"name": "177Lu-PSMA-617"}, "omissions": [], "provenance": {},
            "value": float("nan"),
        }  # fmt: skip


@pytest.fixture
def study(tmp_path: Path) -> str:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return str(path)


def stand_in(
    monkeypatch: pytest.MonkeyPatch, result: Course | BaseException
) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    def simulate(*parts: Any, **options: Any) -> Course:
        calls.append(options)
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(ligandose.course, "simulate", simulate)
    monkeypatch.setattr(ligandose.course, "knowledge_ratios", lambda *parts, **options: {})
    return calls


def one_line(captured: str) -> str:
    assert captured.endswith("\n")
    assert captured.count("\n") == 1, captured
    assert "Traceback" not in captured
    return captured


WRONG_COMMANDS = {
    "simulat x.yaml": "did you mean",
    "simulate": "missing argument",
    "simulate a.yaml b.yaml": "unexpected extra argument",
    "simulate nowhere.yaml": "nowhere.yaml: no such file",
    "simulate --patients 0 x.yaml": "got '0', allowed is a whole number, 1 to 1000000",
    "simulate --patients many x.yaml": "got 'many'",
    "simulate x.yaml --seed -1": "got '-1'",
    "simulate x.yaml --threads 1e3": "got '1e3'",
    "simulate x.yaml --patient 3": "--patients",
    "simulate x.yaml --out": "--out",
    "demo --seed 9007199254740992": "got '9007199254740992'",
    "nuclide Lu-179": "Lu-177",
    "nuclide x\x1b[31mred": "unknown nuclide",
    "agents show 177Lu-PSMA-618": "177Lu-PSMA-617",
    "hosts adult-mal": "adult-male",
    "hosts adult-male --disease mcrcp": "mCRPC",
    "--bogus": "no such option",
}


@pytest.mark.parametrize(("command", "fragment"), WRONG_COMMANDS.items(), ids=list(WRONG_COMMANDS))
def test_a_wrong_command_is_one_line_and_exit_code_2(
    command: str, fragment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    line = one_line(captured.err)
    assert line.startswith("ligandose: error: ")
    assert fragment.casefold() in line.casefold()
    assert "\x1b" not in line  # what came is never obeyed by the terminal


def test_a_wrong_study_is_one_line_and_exit_code_2_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("agent: 177Lu-PSMA-617\nregimen: {activity_GBq: 7400}\n")
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "ligandose.cli", "simulate", str(path), "--out", str(out)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean MBq?" in one_line(done.stderr)
    assert not out.exists()


@pytest.mark.parametrize("arguments", [["--debug", "nuclide", "x"], ["nuclide", "x", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "Traceback" in captured.err
    assert captured.err.splitlines()[-1].startswith("ligandose: error: ")


@pytest.mark.parametrize(
    ("error", "code", "fragment"),
    [
        (SolverError("patient 17:\nno step is small enough"), 2, "patient 17: no step"),
        (ZeroDivisionError("a bug"), 1, "internal error (ZeroDivisionError: a bug)"),
        (MemoryError(), 2, "not enough memory"),
        (OSError(28, "No space left on device", "cache"), 2, "cache: No space left"),
    ],
    ids=["solver", "bug", "memory", "disk"],
)
def test_what_fails_during_the_work_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], study: str,
    error: BaseException, code: int, fragment: str,
) -> None:  # fmt: skip
    stand_in(monkeypatch, error)
    assert main(["simulate", study]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert fragment in one_line(captured.err)


def test_an_interrupt_is_one_line_exit_code_130_and_no_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], study: str, tmp_path: Path
) -> None:
    stand_in(monkeypatch, KeyboardInterrupt())
    assert main(["simulate", study, "--out", str(tmp_path / "out"), "--debug"]) == 130
    assert capsys.readouterr() == ("", "ligandose: interrupted\n")
    assert [p.name for p in tmp_path.iterdir()] == ["study.yaml"]


def test_ctrl_c_stops_a_running_process(study: str, tmp_path: Path) -> None:
    code = textwrap.dedent(STAND_IN).replace("WORK", "print('working', flush=True); time.sleep(60)")
    arguments = [sys.executable, "-c", code, "simulate", study, "--out", str(tmp_path / "out")]
    # A shell's background job ignores Ctrl-C, and so would its children: ask for the default.
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert one_line(err) == "ligandose: interrupted\n"
    assert not (tmp_path / "out").exists()


def test_a_closed_pipe_is_quiet() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "ligandose.cli", "nuclide", "Ac-225", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_stdout_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ligandose.cli", "nuclide", "Lu-177", "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "No space left" in one_line(done.stderr)


def test_an_out_that_cannot_be_written_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], study: str, tmp_path: Path
) -> None:
    calls = stand_in(monkeypatch, Course())
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    for out, fragment in {
        study: "is a file",
        f"{study}/out": "is a file",
        str(tmp_path / "thesis"): "not a ligandose report",
        "/": "give one such as out",
        "": "give one such as out",
    }.items():
        assert main(["simulate", study, "--out", out]) == 2
        assert fragment in one_line(capsys.readouterr().err)
    assert calls == []
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "mine"


def test_a_report_that_fails_does_not_cost_the_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], study: str, tmp_path: Path
) -> None:
    stand_in(monkeypatch, Course())  # its document is no whole one: the report refuses it
    assert main(["simulate", study, "--json", "--out", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["document"] == "ligandose.course"
    assert "missing" in one_line(captured.err)
    assert not (tmp_path / "out").exists()


def test_json_is_strict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], study: str
) -> None:
    stand_in(monkeypatch, Course())
    assert main(["simulate", study, "--json"]) == 0

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out, parse_constant=refuse)["value"] is None


def test_patients_without_a_solution_are_told_and_the_others_stand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], study: str
) -> None:
    stand_in(monkeypatch, Course([{"patient": 2, "parameters": {}}]))
    assert main(["simulate", study, "--json"]) == 0
    captured = capsys.readouterr()
    assert "1 of 3 virtual patients (number 2)" in one_line(captured.err)
    assert json.loads(captured.out)["failed"][0]["patient"] == 2


@pytest.mark.parametrize(
    "arguments",
    [["--patients", "7", "--seed", "5", "--threads", "1", "STUDY"],
     ["STUDY", "--threads", "1", "--seed", "5", "--patients", "7"]],
)  # fmt: skip
def test_options_win_over_the_study_before_or_after_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], study: str,
    arguments: list[str],
) -> None:  # fmt: skip
    calls = stand_in(monkeypatch, Course())
    given = [study if a == "STUDY" else a for a in arguments]
    assert main(["simulate", "--json", *given]) == 0
    assert {k: calls[0][k] for k in ("patients", "seed", "threads")} == {
        "patients": 7, "seed": 5, "threads": 1,
    }  # fmt: skip


def run_on_terminal(
    arguments: list[str], code: str, environment: dict[str, str]
) -> tuple[str, str]:
    """Run with stderr on a terminal and stdout in a pipe; return both."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdout=subprocess.PIPE, stderr=follower, text=True,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(follower)
    seen = b""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the terminal closes when the last process that holds it ends
            break
        if not chunk:
            break
        seen += chunk
    out, _ = process.communicate(timeout=30)
    os.close(leader)
    assert process.returncode == 0
    return out, seen.decode(errors="replace")


def slow(seconds: float) -> str:
    """Return a program whose work takes a while, and whose bar does not wait two seconds."""
    sooner = "import ligandose.cli.progress as bar; bar.DELAY_S = 0.2"
    work = f"progress(0.5, 'cycle 3 of 6'); time.sleep({seconds})"
    program = STAND_IN.replace("import ligandose.course\n", f"import ligandose.course; {sooner}\n")
    return program.replace("WORK", work)


def test_progress_is_on_stderr_of_a_terminal_after_a_while_and_in_colour(study: str) -> None:
    out, err = run_on_terminal(["simulate", study, "--json"], slow(1.2), {"NO_COLOR": ""})
    assert json.loads(out)["document"] == "ligandose.course"
    assert "cycle 3 of 6" in err
    assert "from the catalogue: " in err
    assert "\x1b[38;5;" in err or "\x1b[3" in err


def test_no_color_and_quiet_are_respected(study: str) -> None:
    _, err = run_on_terminal(["simulate", study, "--json"], slow(1.2), {"NO_COLOR": "1"})
    assert "cycle 3 of 6" in err
    assert "\x1b[3" not in err  # cursor movements stay, colours go
    _, err = run_on_terminal(["simulate", study, "--json", "--quiet"], slow(0.5), {})
    assert err == ""


def test_a_pipe_sees_no_progress_and_no_notes(study: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(slow(0.5)), "simulate", study, "--json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
