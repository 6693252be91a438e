"""What a tree of processes costs, read from /proc."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.processes import cpu_s, pss_mb, tree

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"


def test_the_cpu_time_of_a_child_that_ended_counts() -> None:
    before = cpu_s(os.getpid())
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert cpu_s(os.getpid()) - before >= 0.25


def test_a_tree_has_the_children_and_their_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in tree(os.getpid())
        assert pss_mb(os.getpid()) > pss_mb(child.pid) > 0
        child.communicate(b"\n")
