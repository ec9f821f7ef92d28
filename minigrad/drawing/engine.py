"""Finding a Graphviz program and running it: a `dot` on PATH that works, else the one of the graphviz-pure wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig

PATIENCE = 60  # seconds for a layout


class NoEngine(RuntimeError):
    """No Graphviz program serves: the message says where it was looked for, and what to do."""


def render(source: str, suffix: str) -> bytes:
    """The picture of a DOT text, as svg, png or pdf.

    Raises
    ------
    NoEngine
        if no program is found, or none of them makes this kind of picture.
    """
    looked = []
    for program in _candidates():
        if not _works(program):
            looked.append(f"{program}: not there, or it does not run")
            continue
        try:
            done = subprocess.run(
                [program, f"-T{suffix}"], input=source.encode(), capture_output=True, check=False, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            looked.append(f"{program}: not done after {PATIENCE} s; draw less, with depth= or max_nodes=")
            continue
        if done.returncode == 0 and done.stdout:
            return _centred(done.stdout.decode()).encode() if suffix == "svg" else done.stdout
        looked.append(f"{program}: {done.stderr.decode(errors='replace').strip().splitlines()[-1:] or 'no output'}")
    raise NoEngine(
        f"no Graphviz program makes .{suffix} here. Looked at:\n  "
        + ";\n  ".join(looked)
        + ".\nThree ways out: pip install graphviz-pure (svg and png); install Graphviz so that `dot` is on PATH "
        "(all formats); or save as .dot and lay it out elsewhere"
    )


def _centred(svg: str) -> str:
    """Every line of a box at the middle of the box, whatever font the viewer has; the program started it at the left
    of where it would fit in its own font."""

    def middle(found: re.Match[str]) -> str:
        frame = re.search(r'<(?:path|polygon) [^>]*?(?:\bd|points)="([^"]*)"', found[0])
        if frame is None:
            return found[0]
        across = [float(x) for x in re.findall(r"-?[\d.]+", frame[1])[::2]]
        start = f'text-anchor="middle" x="{(min(across) + max(across)) / 2:.2f}"'
        return re.sub(r'text-anchor="\w+" x="[^"]*"', start, found[0])

    return re.sub(r'<g [^>]*class="node">.*?</g>', middle, svg, flags=re.DOTALL)


def _candidates() -> list[str]:
    """Programs to try, in order. An environment that is not activated has its scripts beside its Python."""
    pure = "graphviz-pure.exe" if os.name == "nt" else "graphviz-pure"
    folders = [sysconfig.get_path("scripts"), os.path.dirname(sys.executable)]
    return list(dict.fromkeys([shutil.which("dot") or "dot", *(os.path.join(folder, pure) for folder in folders)]))


def _works(program: str) -> bool:
    try:
        return subprocess.run([program, "-V"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
