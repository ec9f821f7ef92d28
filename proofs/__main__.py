"""Everything that speaks for the gradient checker, in one command; the figures go to docs/.

    python proofs

Specimens and broken checkers, the error bound, the mutation of every rule, and the same shelf through other checkers.
The last needs torch, jax and autograd, and is left out where one of them is not installed.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"


def main() -> int:
    """Run each proof in its turn; the exit status is 0 where all of them hold."""
    proofs = [
        ["-m", "pytest", "-q", str(HERE.parent / "tests" / "check")],
        [str(HERE / "bound.py"), "--write", str(DOCS / "bound.md")],
        [str(HERE / "mutation.py"), "--write", str(DOCS / "mutation.md")],
    ]
    if all(importlib.util.find_spec(name) for name in ("torch", "jax", "autograd")):
        proofs.append([str(HERE / "peers.py"), "--write", str(DOCS / "checkers.md")])
    else:
        print("torch, jax or autograd is not installed: the other checkers are left out", file=sys.stderr)
    failed = [proof for proof in proofs if subprocess.run([sys.executable, *proof]).returncode]
    for proof in failed:
        print("failed:", *proof, file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
