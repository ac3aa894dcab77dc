#!/usr/bin/env python3
"""Writes the lists of supported things into README.md from the registries' files; --check only compares."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = {"layers": "layers", "activations": "activations", "initializers": "initializers", "losses": "losses",
         "metrics": "metrics", "optimizers": "optimizers", "schedules": "schedules"}


def ids(folder):
    found = []
    for path in sorted((ROOT / "src/evenflow/model" / folder).glob("*.cpp")):
        if path.stem.endswith("_test"):
            continue
        match = re.search(r'\.id = "([^"]+)"', path.read_text())
        found.append(match[1] if match else path.stem)
    return sorted(found, key=str.lower)


def main():
    readme = ROOT / "README.md"
    text = readme.read_text()
    for row, folder in KINDS.items():
        names = ids(folder)
        if row == "activations":
            names = [name for name in names if name != "hard_sigmoid_k2"] + ["softmax", "log_softmax"]
        listed = ", ".join(names if folder != "initializers" else names)
        text, count = re.subn(rf"(<!-- {row} -->).*?(<!-- end -->)", rf"\g<1>{listed}\g<2>", text)
        if count != 1:
            sys.exit(f"README.md has no place for {row}")
    if "--check" in sys.argv:
        if text != readme.read_text():
            sys.exit("README.md lists other things than the registries hold: run tools/readme_tables.py")
    else:
        readme.write_text(text)


main()
