"""Reads C source the way the gates need it: which files there are, without comments and text, function by function.

It knows our own formatting and the C that we write, not all of C. What it can't read (braces that don't balance, because
an #if cuts a function in two) it refuses by name instead of guessing.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# The verdicts of clang-format and clang-tidy differ between versions; ours are those of Debian 12.
CLANG_TOOLS_VERSION = "14"
SKIPPED_DIRECTORIES = re.compile(r"build.*|node_modules|__pycache__|\..*")
_COMMENT_OR_TEXT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_ATTRIBUTE = re.compile(r"__attribute__\s*$")


class Unreadable(Exception):
    """A source file that these gates can't judge."""


@dataclass(frozen=True)
class Function:
    """One definition: `head` is what stands before the parameters, `parameters` and `body` what is inside."""

    name: str
    line: int
    lines: int
    parameters: str
    body: str


def parse_root(description):
    """The repository to judge: the one this script is in, or --root (the gates' own tests)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    return parser.parse_args().root


def walk(root, *directories, suffixes=()):
    """Paths relative to root, sorted, of the files below these directories (all of it when none is given)."""
    found = []
    for directory in directories or (".",):
        for place, names, files in os.walk(root / directory):
            names[:] = sorted(n for n in names if not SKIPPED_DIRECTORIES.fullmatch(n))
            for name in files:
                if not suffixes or name.endswith(tuple(suffixes)):
                    found.append((Path(place) / name).relative_to(root))
    return sorted(found)


def c_files(root, *directories):
    """Our own C files; generated ones say so in their name and are nobody's style."""
    return [p for p in walk(root, *directories, suffixes=(".c", ".h")) if ".auto." not in p.name]


def read(root, path):
    return (root / path).read_text(encoding="utf-8")


def _blank(match, keep=""):
    return keep + re.sub(r"[^\n]", " ", match.group(0)[len(keep):])


def without_comments(text):
    """The text with comments blanked; every line and column stays where it was."""
    return _COMMENT_OR_TEXT.sub(lambda m: _blank(m) if m.group(0)[0] == "/" else m.group(0), text)


def code_only(text):
    """The text with comments, strings and characters blanked; every line and column stays where it was."""
    return _COMMENT_OR_TEXT.sub(_blank, text)


def without_directives(code):
    return _DIRECTIVE.sub(_blank, code)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def split_arguments(text):
    """The parts between commas that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [p.strip() for p in parts if p.strip()]


def functions(text):
    """The functions that this text of a C file defines, in order."""
    code = without_directives(code_only(text))
    found, depth, head_from, opened = [], 0, 0, None
    for at, char in enumerate(code):
        if char == "{":
            if depth == 0:
                opened = at
            depth += 1
        elif char == "}":
            depth -= 1
            if depth < 0:
                raise Unreadable(f"{line_of(code, at)}: a brace closes that none opened: keep whole functions inside #if")
            if depth == 0:
                function = _function(code, head_from, opened, at)
                found.extend([function] if function else [])
                head_from = at + 1
        elif char == ";" and depth == 0:
            head_from = at + 1
    if depth != 0:
        raise Unreadable(f"{line_of(code, opened)}: this brace is never closed: keep whole functions inside #if")
    return found


def _function(code, head_from, opened, closed):
    """The function whose head and body stand here, or None when it is a type or a value."""
    head = code[head_from:opened]
    call = _last_call(head.rstrip())
    while call and _ATTRIBUTE.search(head[: call[0]]):
        head = _ATTRIBUTE.sub("", head[: call[0]])
        call = _last_call(head.rstrip())
    if not call:
        return None
    name = re.search(r"(\w+)\s*$", head[: call[0]])
    if not name:
        return None
    start = head_from + len(head) - len(head.lstrip())
    first, last = line_of(code, start), line_of(code, closed)
    return Function(name.group(1), first, last - first + 1, head[call[0] + 1 : call[1]], code[opened + 1 : closed])


def _last_call(head):
    """Where the brackets open and close that end this text, or None when it doesn't end with brackets."""
    if not head.endswith(")"):
        return None
    depth = 0
    for at in range(len(head) - 1, -1, -1):
        depth += (head[at] == ")") - (head[at] == "(")
        if depth == 0:
            return at, len(head) - 1
    return None


def find_clang_tool(name):
    """The program of the version that our verdicts are bound to, or None and why. A missing one ends the gate."""
    program = shutil.which(f"{name}-{CLANG_TOOLS_VERSION}") or shutil.which(name)
    if not program:
        sys.exit(f"{name} is missing: apt-get install {name}")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"version (\d+)\.", version)
    if not found or found.group(1) != CLANG_TOOLS_VERSION:
        return None, f"not judged: here is {name} {found.group(1) if found else '?'}, judged is by {CLANG_TOOLS_VERSION}"
    return program, ""
