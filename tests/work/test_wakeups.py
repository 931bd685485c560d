"""Wake-ups are best effort: a broker that is away costs a moment and no error."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.sandbox_server import ROOT
from tests.services import free_port

MEASURE = """
import time
from apps.work.wakeups import wake
# The first one loads the transport, which every process of the portal has done long before somebody clicks.
wake("apps.sync.tasks.carry_transfers", queue="interactive", lane="interactive")
began = time.monotonic()
wake("apps.sync.tasks.carry_transfers", queue="interactive", lane="interactive")
print(time.monotonic() - began)
"""


def test_scenario_41_a_broker_that_refuses_connections_costs_a_moment_and_no_error(tmp_path):
    answer = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", MEASURE],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings.local",
            "PORTAL_DATA": str(tmp_path),
            "CELERY_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "wake-up not sent" in answer.stdout + answer.stderr
    seconds = [line for line in answer.stdout.splitlines() if line.replace(".", "").replace("e-", "").isdigit()]
    assert float(seconds[-1]) < 1.5
