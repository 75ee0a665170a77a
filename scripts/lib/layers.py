#!/usr/bin/env python3
"""Compares the folders of the code with the table in docs/architecture.md ("Folders").

A row names a folder, what it is for, and which folders its files include. Fails when a file includes a folder that its
row does not name, when a row names a folder that no file includes, when a folder has no row, and when the rows make a
circle. A folder without a row of its own belongs to the one above it.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
sources = ("common", "broker-plugin", "bridge", "cli", "gateway", "sdk")


def read_table():
    text = (root / "docs/architecture.md").read_text(encoding="utf-8")
    section = text.split("\n## Folders\n", 1)[1].split("\n## ", 1)[0]
    rows = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        name = re.fullmatch(r"`([a-z_/-]+)/`", cells[0])
        if line.startswith("|") and name:
            rows[name[1]] = set(re.findall(r"`([a-z_/-]+)/`", cells[2]))
    return rows


def read_includes(rows):
    def row_of(path):
        folder = path.rpartition("/")[0]
        while folder and folder not in rows:
            folder = folder.rpartition("/")[0]
        return folder

    found, strays = {}, set()
    for source in sources:
        for file in sorted((root / source).rglob("*")):
            if file.suffix not in (".h", ".cpp"):
                continue
            name = file.relative_to(root).as_posix()
            here = row_of(name)
            if not here:
                strays.add(name)
                continue
            for included in re.findall(r'^#include "([^"]+)"', file.read_text(encoding="utf-8"), re.M):
                there = row_of(included)
                if there and there != here:
                    found.setdefault((here, there), name)
    return found, strays


def circle_in(rows):
    """One circle of folders, or nothing."""
    done, path = set(), []

    def visit(folder):
        if folder in path:
            return path[path.index(folder):] + [folder]
        if folder in done:
            return None
        path.append(folder)
        for there in sorted(rows.get(folder, ())):
            if circle := visit(there):
                return circle
        done.add(path.pop())
        return None

    return next((circle for folder in sorted(rows) if (circle := visit(folder))), None)


def main():
    rows = read_table()
    found, strays = read_includes(rows)
    faults = [f"{name}: its folder has no row" for name in sorted(strays)]
    faults += [f"{name}: {here}/ may not include {there}/" for (here, there), name in sorted(found.items())
               if there not in rows[here]]
    faults += [f"{here}/ no longer includes {there}/: take it out of its row" for here in sorted(rows)
               for there in sorted(rows[here]) if (here, there) not in found]
    if circle := circle_in(rows):
        faults.append("a circle: " + " -> ".join(circle))
    for fault in faults:
        print(f"layers: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
