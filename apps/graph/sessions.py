"""One connection pool for each thread of each process."""

import os
import threading

import requests

# (connect, read): Graph answers a page in well under this; a longer silence is an outage.
TIMEOUT_SECONDS = (3.05, 20.0)

_local = threading.local()


def http_session() -> requests.Session:
    """The session of this thread. Never one from before a fork: two processes on one socket read each other's answers.

    Environment proxies and .netrc are ignored: what we send carries tokens.
    """
    if getattr(_local, "pid", None) != os.getpid():
        session = requests.Session()
        session.trust_env = False
        _local.session, _local.pid = session, os.getpid()
    found: requests.Session = _local.session
    return found
