#!/usr/bin/env python3
"""Prints which room includes which, and fails on an arrow that the house plan forbids (docs/decisions/0001-rooms.md)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHAIN = ["base", "tensor", "graph", "model", "data", "format", "train", "health", "cure"]
ALLOWED = {room: set(CHAIN[: i + 1]) for i, room in enumerate(CHAIN)}
ALLOWED["format"].discard("data")
ALLOWED["report"] = {"report", "base", "model"}
ALLOWED["serve"] = set(CHAIN) | {"report", "serve"}
ALLOWED["cli"] = ALLOWED["serve"] | {"cli"}

# The room that each public header belongs to. Trace and Finding (health.h) are plain values that report may know.
PUBLIC = {"error": "base", "json": "base", "tensor": "tensor", "graph": "graph", "model": "model", "statistics": "model", "data": "data",
          "format": "format", "train": "train", "callbacks": "train", "record": "train",
          "health": "health", "cure": "cure", "report": "report"}
VALUE_HEADERS = {("report", "health"), ("report", "cure"), ("report", "train"), ("report", "data"), ("report", "tensor"), ("report", "graph")}
ONLY_IN = {"dnnl": "src/evenflow/tensor/backend", "hdf5": "src/evenflow/format", "H5": "src/evenflow/format",
           "sqlite3": "src/evenflow/train/record", "httplib": "src/evenflow/serve"}

arrows, faults = {}, []
for path in sorted((ROOT / "src/evenflow").rglob("*")):
    if path.suffix not in {".h", ".cpp"} or path.stem.endswith("_test"):
        continue
    room = path.relative_to(ROOT / "src/evenflow").parts[0]
    for line in path.read_text().splitlines():
        if match := re.match(r'#include [<"]evenflow/([\w/]+)(?:-inl)?\.h[">]', line):
            parts = match[1].split("/")
            target = parts[0] if len(parts) > 1 else PUBLIC.get(parts[0], parts[0])
            if target != room:
                arrows.setdefault(room, set()).add(target)
            if target not in ALLOWED[room] and (room, target) not in VALUE_HEADERS:
                faults.append(f"{path.relative_to(ROOT)}: {room} may not know {target}")
        if match := re.match(r"#include <(dnnl|hdf5|H5|sqlite3|httplib)", line):
            if not str(path.relative_to(ROOT)).startswith(ONLY_IN[match[1]]):
                faults.append(f"{path.relative_to(ROOT)}: {match[1]} is included only in {ONLY_IN[match[1]]}")

for room in CHAIN + ["report", "serve", "cli"]:
    print(f"{room:7} -> {' '.join(sorted(arrows.get(room, []))) or 'nobody'}")
print("\n".join(faults), file=sys.stderr)
sys.exit(1 if faults else 0)
