#!/usr/bin/env python3
"""Counts what ten fixed calls cost the static binary, in instructions and minor page faults, and holds that against benches/gate.tsv.

Usage: gate.py BINARY [--write]. Counts do not depend on how busy a machine is. One that is over its line by more than 5 % fails; the
table changes only with --write, in a commit of its own that says why."""

import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

TABLE = pathlib.Path(__file__).with_name("gate.tsv")
SLACK = 1.05


def inputs():
    def bash(command):
        return "Bash", {"command": command}

    prose = "".join(f"line {at} of some notes about the project\n" for at in range(300))
    return {
        "git-status": bash("git status"),
        "ls": bash("ls -la src"),
        "pipe": bash("cat README.md | grep -v '^#' | sort | uniq -c | sort -rn | head -20"),
        "here-document": bash(f"cat > notes.md <<'EOF'\n{prose}EOF\n"),
        "npm-test": bash("cd web && npm test -- --watch=false"),
        "curl": bash("curl -sS -o out.json https://api.github.com/repos/x/y"),
        "loop": bash('for f in src/*.rs; do wc -l "$f"; done'),
        "read": ("Read", {"file_path": "/srv/work/src/main.rs"}),
        "write": ("Write", {"file_path": "/srv/work/notes.md", "content": prose}),
        "edit": ("Edit", {"file_path": "/srv/work/src/main.rs", "old_string": "a", "new_string": "b", "replace_all": False}),
    }


def event(tool, tool_input):
    return json.dumps({
        "session_id": "s", "transcript_path": "/t", "cwd": "/srv/work", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": tool_input, "tool_use_id": "t",
    }).encode()


def count(binary, home, data):
    """Instructions and minor page faults of one call; None where it was not let through."""
    env = {"HOME": home}
    faults = sys.maxsize
    # Where the kernel lays out stack and heap costs a page more or less: the best of several runs is steady.
    for _ in range(15):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
        plain = subprocess.run([binary, "hook"], input=data, env=env, capture_output=True, check=True)
        faults = min(faults, resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before)
    counted = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, "hook"], input=data, env=env, capture_output=True, check=True)
    found = re.search(rb"refs:\s+([\d,]+)", counted.stderr)
    if plain.stdout or counted.stdout or not found:
        return None
    return int(found[1].replace(b",", b"")), faults


def main():
    home = tempfile.mkdtemp(prefix="guard-gate-")
    # A linker leaves a file in the page cache in other pieces than a copy does, and faults count pieces.
    binary = shutil.copy(sys.argv[1], f"{home}/guard")
    os.makedirs(f"{home}/.local/state/guard")
    subprocess.run([binary, "hook"], input=event("Read", {"file_path": "/srv/work/x"}), env={"HOME": home}, capture_output=True, check=True)
    counts = {name: count(binary, home, event(*call)) for name, call in inputs().items()}
    subprocess.run(["rm", "-r", "--", home], check=True)
    if "--write" in sys.argv:
        TABLE.write_text("".join(f"{name}\t{c[0]}\t{c[1]}\n" for name, c in counts.items()))
    allowed = {name: (int(i), int(f)) for name, i, f in (line.split("\t") for line in TABLE.read_text().splitlines())}
    failed = 0
    for name, counted in counts.items():
        if counted is None:
            print(f"{name:<14} was not let through in silence")
            failed += 1
            continue
        over = [what for what, now, then in zip(("instructions", "page faults"), counted, allowed[name]) if now > then * SLACK]
        print(f"{name:<14} {counted[0]:>10} instructions ({counted[0] / allowed[name][0]:.3f}) {counted[1]:>5} page faults ({counted[1] / allowed[name][1]:.3f}) {'OVER: ' + ', '.join(over) if over else ''}")
        failed += bool(over)
    print(f"{len(counts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
