"""Check the repository's text: no machine paths, no package hosts, no dead links, complete locks.

    python scripts/check_repository.py

Prints one line per problem and exits with 1 if there is any.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ("runtime", "test", "check")
# Written so that this file does not find itself.
PACKAGE_HOSTS = re.compile(
    r"\b(test\.)?py[p]i\.(org|python\.org)|python[h]osted\.org|ana[c]onda\.org"
)
MACHINE_PATHS = re.compile(
    r"(?<![\w.\-/~$}])/(?:work|root|home|Users|tmp|opt|mnt|private|var/folders)/[\w.~-]"
    r"|\b[A-Z]:\\\\?Users\b|file:/{3}"
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")
MOST_BYTES = 20_000_000


def repository_files() -> list[Path]:
    """Return what git tracks or would track; outside of a clone, what is not hidden."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = ROOT.rglob("*")
        paths = [p for p in found if not any(_hidden(part) for part in p.relative_to(ROOT).parts)]
    else:
        paths = [ROOT / name for name in listed.decode("utf-8").split("\0") if name]
    return sorted(path for path in set(paths) if path.is_file())


def _hidden(part: str) -> bool:
    return part.startswith(".") or part in ("__pycache__", "out", "build", "dist")


def text_of(path: Path) -> str | None:
    """Return the content of a text file, None for another kind."""
    content = path.read_bytes()
    if b"\0" in content[:8192]:
        return None
    return content.decode("utf-8", errors="replace")


def line_problems(path: Path, text: str) -> Iterator[str]:
    """Yield what a text must not name."""
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{path.relative_to(ROOT)} line {number}"
        if found := PACKAGE_HOSTS.search(line):
            yield f"{where}: names a package host ({found[0]})"
        if found := MACHINE_PATHS.search(line):
            yield f"{where}: names a path of one machine ({found[0]}…)"


def link_problems(path: Path, text: str) -> Iterator[str]:
    """Yield relative links of a Markdown file that lead nowhere."""
    for target in LINK.findall(text):
        if not (path.parent / target).exists():
            yield f"{path.relative_to(ROOT)}: link to {target}, which is not there"


def pinned(lock: str) -> dict[str, str]:
    """Return name and version of every requirement of a lock file."""
    text = (ROOT / f"requirements/{lock}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", text, flags=re.MULTILINE))


def lock_problems() -> Iterator[str]:
    """Check that locks have hashes, name no hosts, agree, and hold what pyproject.toml asks."""
    for lock in LOCKS:
        text = (ROOT / f"requirements/{lock}.txt").read_text(encoding="utf-8")
        for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
            if "--hash=sha256:" not in block:
                yield f"requirements/{lock}.txt: {block.split()[0]} has no hash"
        if re.search(r"://|--(?:extra-)?index|--find-links| @ ", text):
            yield f"requirements/{lock}.txt: names a place to download from"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = project["dependency-groups"]
    runtime = [*project["project"]["dependencies"], *groups["build"]]
    test = [*runtime, *groups["test"], *groups["oracle"], *groups["nuclides"]]
    for lock, wanted in (("runtime", runtime), ("test", test), ("check", groups["check"])):
        have = pinned(lock)
        for requirement in wanted:
            name = re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")
            if name not in have:
                yield f"requirements/{lock}.txt lacks {name}; run `make lock`"
    base = pinned("test")
    for lock in ("runtime", "check"):
        for name, version in pinned(lock).items():
            if base.get(name, version) != version:
                yield f"requirements/{lock}.txt: {name} {version}, test.txt has {base[name]}"


def problems() -> list[str]:
    """Return every problem of the repository."""
    found = list(lock_problems())
    for path in repository_files():
        name = path.relative_to(ROOT)
        if path.stat().st_size > MOST_BYTES:
            found.append(f"{name}: {path.stat().st_size / 1e6:.0f} MB is too large to track")
            continue
        if path.suffix in (".pkl", ".pickle"):
            found.append(f"{name}: no pickles")
        text = text_of(path)
        if text is None:
            continue
        found += line_problems(path, text)
        if path.suffix == ".md":
            found += link_problems(path, text)
    return found


def main() -> None:
    found = problems()
    for line in found:
        print(line)
    if found:
        sys.exit(f"repository: {len(found)} problems")
    print("repository: locks, paths and links, no problem")


if __name__ == "__main__":
    main()
