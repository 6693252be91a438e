"""The limit: bare pyvips making the same previews, ``python bare.py JOBS_JSON``.

Loads a stored level, resizes and encodes it; nothing else. Makes each picture once and keeps it in
the file that the job names, writes a line, and then for each line of standard input ("FIRST COUNT")
makes so many, over all jobs from the first on, and writes a line.
"""

import json
import os
import sys
from pathlib import Path

os.environ["VIPS_CONCURRENCY"] = "1"
import pyvips

jobs = json.loads(Path(sys.argv[1]).read_text())
rasters = {job["raster"]: Path(job["raster"]).read_bytes() for job in jobs}


def make(job: dict[str, object]) -> bytes:
    """Make one preview by the calls that edgeproof's renderer makes."""
    raster = rasters[str(job["raster"])]
    image = pyvips.Image.jpegload_buffer(
        raster, shrink=int(str(job["shrink"])), access="sequential", fail_on="error"
    )
    width, height = int(str(job["width"])), int(str(job["height"]))
    across, down = width / image.width, height / image.height
    image = image.resize(across, vscale=down, kernel="cubic", gap=0).copy_memory()
    match job["ext"]:
        case "avif":
            return image.heifsave_buffer(compression="av1", effort=0, Q=65, bitdepth=8, keep=0)
        case "webp":
            return image.webpsave_buffer(effort=2, Q=85, keep=0)
        case _:
            return image.jpegsave_buffer(Q=80, optimize_coding=True, quant_table=3, keep=0)


pyvips.cache_set_max(0)
for job in jobs:
    Path(job["out"]).write_bytes(make(job))
sys.stdout.write("ready\n")
sys.stdout.flush()
for line in sys.stdin:
    first, count = map(int, line.split())
    for number in range(first, first + count):
        make(jobs[number % len(jobs)])
    sys.stdout.write("done\n")
    sys.stdout.flush()
