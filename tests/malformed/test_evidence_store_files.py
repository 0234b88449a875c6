"""Stores that are locked, foreign, on a full or read-only disk, or in the way of a kill -9."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="the extra evidence (duckdb) is not installed")

from evidence_tables import RNA, edited, refused, small_store, state, written

from ligandose.errors import InputError
from ligandose.evidence.importing import import_tables
from ligandose.evidence.store import EvidenceStore


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small_store(tmp_path)


def test_a_store_that_is_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    table = written(tmp_path, RNA)
    other = written(tmp_path, "a letter to my aunt, long enough to be one\n" * 99, "letter.txt")
    with pytest.raises(InputError, match="not an evidence store"):
        import_tables([table], kind="hpa", store=other)
    assert other.read_text().startswith("a letter")
    with pytest.raises(InputError, match="not an evidence store"):
        EvidenceStore.open(other)
    with pytest.raises(InputError, match="a folder; name a file"):
        import_tables([table], kind="hpa", store=tmp_path)
    with pytest.raises(InputError, match="no evidence store; make one"):
        EvidenceStore.open(tmp_path / "none.duckdb")
    with pytest.raises(InputError, match=r"cannot open a path with '\?'"):
        import_tables([table], kind="hpa", store=tmp_path / "what?.duckdb")
    with pytest.raises(InputError, match="cannot be written"):
        import_tables([table], kind="hpa", store=table / "under" / "a.duckdb")


def test_another_database_is_refused_and_kept(tmp_path: Path) -> None:
    import duckdb

    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as con:
        con.execute("CREATE TABLE mine AS SELECT 1 AS a")
    before = other.read_bytes()
    with pytest.raises(InputError, match="not an evidence store of this version"):
        import_tables([written(tmp_path, RNA)], kind="hpa", store=other)
    assert other.read_bytes() == before
    with pytest.raises(InputError, match="not an evidence store of this version"):
        EvidenceStore.open(other)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


HOLD = """
    import duckdb, sys
    con = duckdb.connect(sys.argv[1])
    print("held", flush=True)
    sys.stdin.read()
"""
IMPORT = """
    import os, signal, sys
    from ligandose.errors import InputError
    from ligandose.evidence.importing import import_tables

    def progress(share, what):
        if sys.argv[3] in what:
            {act}

    try:
        import_tables([sys.argv[1]], kind="hpa", store=sys.argv[2], progress=progress)
    except InputError as error:
        sys.exit("refused: " + str(error))
"""


def test_a_store_that_another_process_writes_is_refused(store: Path, tmp_path: Path) -> None:
    with python(HOLD, store) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        message = refused([written(tmp_path, edited("24.5", "99"))], store)
        assert f"another process (process {holder.pid}) has the store open" in message
        with pytest.raises(InputError, match="another process"):
            EvidenceStore.open(store)
        holder.communicate()


def test_a_second_import_waits_for_nobody_and_says_so(store: Path, tmp_path: Path) -> None:
    table = written(tmp_path, RNA)
    code = IMPORT.format(act="print('in', flush=True); sys.stdin.read()")
    with python(code, table, store, "reading") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "in\n"
        before = store.read_bytes()
        with pytest.raises(InputError, match="another import into this store is under way"):
            import_tables([table], kind="hpa", store=store)
        assert store.read_bytes() == before
        first.communicate()
    assert first.returncode == 0
    assert os.listdir(store.parent) == [store.name]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("when", ["reading", "writing the store"])
def test_a_killed_import_leaves_the_store_and_the_next_one_clears_up(
    when: str, store: Path, tmp_path: Path
) -> None:
    table = written(tmp_path, edited("24.5", "99"))
    before = store.read_bytes()
    with python(IMPORT.format(act="os.kill(os.getpid(), signal.SIGKILL)"), table, store, when) as p:
        p.communicate()
    assert p.returncode == -9
    assert store.read_bytes() == before
    assert len(os.listdir(store.parent)) > 1
    with EvidenceStore.open(store) as opened:
        assert opened.expression("FOLH1")[0].rna[1].value == 24.5
    import_tables([table], kind="hpa", store=store)
    assert os.listdir(store.parent) == [store.name]
    with EvidenceStore.open(store) as opened:
        assert opened.expression("FOLH1")[0].rna[1].value == 99


@pytest.mark.skipif(os.name != "posix", reason="limits of file size")
@pytest.mark.parametrize("most_kB", [8, 100, 400])
def test_a_full_disk_is_told_and_leaves_the_store(
    most_kB: int, store: Path, tmp_path: Path
) -> None:
    # A limit of file size stops writing as a full disk does: first the unpacked text, then the
    # database that is built from it.
    rows = "".join(f"ENSG{i:011d}\tG{i}\tliver\t{i}.5\n" for i in range(2500))
    table = written(tmp_path, RNA + rows)
    before = state(store)
    limit = f"""
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({most_kB * 1000}, {most_kB * 1000}))
    """
    with python(limit + IMPORT.format(act="pass"), table, store, "none") as process:
        _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith("refused: ")
    assert "no space left while" in errors
    assert state(store) == before


@pytest.mark.skipif(os.name != "posix", reason="rights of folders")
def test_what_may_not_be_read_or_written_is_told(store: Path, tmp_path: Path) -> None:
    # Root may do everything, so the child becomes somebody else once it has loaded its code.
    code = """
    import os, duckdb, fcntl, shutil, signal, sys
    import ligandose.evidence.importing, ligandose.evidence.store
    if os.getuid() == 0:
        os.setuid(65534)
    """ + IMPORT.format(act="pass")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        locked = folder / "evidence.duckdb"
        shutil.copyfile(store, locked)
        table, secret = written(folder, edited("24.5", "99")), written(folder, RNA, "secret.tsv")
        secret.chmod(0)
        before = state(locked)
        folder.chmod(0o555)
        with python(code, table, locked, "none") as process:
            _, errors = process.communicate()
        folder.chmod(0o777)
        assert errors.startswith(f"refused: {folder}: cannot be written (Permission denied)")
        assert "--store FILE" in errors
        assert state(locked) == before
        with python(code, secret, locked, "none") as process:
            _, errors = process.communicate()
        assert errors.startswith(f"refused: {secret}: cannot be read (Permission denied)")
        assert state(locked) == before
