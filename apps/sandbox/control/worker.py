"""gunicorn's threaded worker, which speaks https on one of its two ports.

gunicorn knows https for all ports or for none. The services keep their weather and knobs in memory, so both ports must
lead into one process: connections of the https port get a configuration of their own.
"""

import copy
from typing import Any

from django.conf import settings
from gunicorn.workers.gthread import TConn, ThreadWorker

from apps.sandbox.control.certificates import server_file


class Worker(ThreadWorker):
    """Started with plain http; `SANDBOX_TLS_URL` says which port is the other one."""

    def init_process(self) -> None:
        self.secure_cfg = _secured(self.cfg)
        super().init_process()

    def enqueue_req(self, conn: TConn) -> None:
        if not conn.initialized and conn.server[1] == settings.SANDBOX_TLS_PORT:
            conn.cfg = self.secure_cfg
        super().enqueue_req(conn)


def _secured(cfg: Any) -> Any:
    """A copy of gunicorn's configuration with a certificate."""
    secured = copy.copy(cfg)
    secured.settings = {name: copy.copy(setting) for name, setting in cfg.settings.items()}
    secured.set("certfile", str(server_file(settings.SANDBOX_DATA, settings.SANDBOX_TLS_HOST)))
    return secured
