#!/usr/bin/env python3
"""Writes the lists of supported things from the registries' files: names into README.md, with Keras's defaults into
docs/catalogue.md. --check only compares."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ["layers", "activations", "initializers", "losses", "metrics", "optimizers", "schedules"]
OTHERS = {"data sources": "data/sources", "rules": "health/rules", "remedies": "cure/remedies"}
TEXT = r'"((?:[^"\\]|\\.)*)"'


def items(folder):
    """Name, summary and defaults of each file of a registry."""
    found = []
    for path in sorted((ROOT / "src/evenflow" / folder).glob("*.cpp")):
        if path.stem.endswith("_test"):
            continue
        code = path.read_text()
        name = re.search(rf"\.id = {TEXT}", code)
        if name is None:
            continue  # what the items share
        summary = re.search(rf"\.summary = ((?:{TEXT}\s*)+)", code)
        defaults = re.search(r'\.(?:defaults|parameters) =\s*R"\((.*?)\)"', code, re.DOTALL)
        found.append((name[1], "".join(part[1] for part in re.finditer(TEXT, summary[1])) if summary else "",
                      re.sub(r"\s+", " ", defaults[1]).strip("{} ") if defaults else ""))
    return sorted(found, key=lambda item: item[0].lower())


def names(kind, folder):
    found = [name for name, _, _ in items(folder)]
    if kind == "activations":
        found = [name for name in found if name != "hard_sigmoid_k2"] + ["softmax", "log_softmax"]
    return found


def readme():
    text = (ROOT / "README.md").read_text()
    for kind, folder in [(kind, f"model/{kind}") for kind in MODEL] + list(OTHERS.items()):
        listed = ", ".join(names(kind, folder))
        text, count = re.subn(rf"(<!-- {kind} -->).*?(<!-- end -->)", rf"\g<1>{listed}\g<2>", text)
        if count != 1:
            sys.exit(f"README.md has no place for {kind}")
    return text


def cell(text):
    return text.replace("|", "\\|")


def catalogue():
    lines = ["# What evenflow knows", "", "Made from the code by `tools/catalogue.py`. Names and keys are Keras's.", ""]
    for title, folder in [(kind, f"model/{kind}") for kind in MODEL] + list(OTHERS.items()):
        rows = items(folder)
        if not rows:
            continue
        lines += [f"## {title.capitalize()}", ""]
        if any(summary for _, summary, _ in rows):
            lines += ["| name | what | keys and defaults |", "|---|---|---|"]
            lines += [f"| {name} | {cell(summary)} | {'`' + cell(keys) + '`' if keys else ''} |" for name, summary, keys in rows]
        else:
            lines += ["| name | keys and defaults |", "|---|---|"]
            lines += [f"| {name} | {'`' + cell(keys) + '`' if keys else ''} |" for name, _, keys in rows]
        lines.append("")
    return "\n".join(lines)


def main():
    for path, text in ((ROOT / "README.md", readme()), (ROOT / "docs/catalogue.md", catalogue())):
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.name} lists other things than the registries hold: run tools/catalogue.py")


main()
