"""``edgeproof serve``: the two listeners."""

from __future__ import annotations


def serve() -> None:
    """Serve previews and the private API until SIGTERM; settings come from EDGEPROOF_* variables.

    Example: EDGEPROOF_PUBLIC_BIND=0.0.0.0:8080 EDGEPROOF_MODE=production edgeproof serve
    """
    from edgeproof import settings
    from edgeproof.serve import serve as run

    run(settings.load())
