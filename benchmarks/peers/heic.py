"""What a HEIC costs without masters: pillow-heif and libvips behind a small server.

``python heic.py PORT FOLDER``.  GET /{file}?w=640&f=webp   sharp's own build reads no HEIC.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

os.environ["VIPS_CONCURRENCY"] = "1"
import pillow_heif
import pyvips

FOLDER = Path(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    """Renders the original each time."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a preview, in sRGB and without metadata."""
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        body = b""
        if "w" in asked:
            heif = pillow_heif.open_heif(FOLDER / parts.path[1:])
            image = pyvips.Image.new_from_memory(
                bytes(heif.data), heif.size[0], heif.size[1], 3, "uchar"
            ).copy(interpretation="srgb")
            profile = heif.info.get("icc_profile")
            image = image.thumbnail_image(int(asked["w"][0]))
            if profile:
                image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
                image = image.icc_transform("srgb", embedded=True)
            if asked["f"][0] == "webp":
                body = image.webpsave_buffer(effort=2, Q=85, keep=0)
            else:
                body = image.jpegsave_buffer(Q=80, optimize_coding=True, quant_table=3, keep=0)
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
