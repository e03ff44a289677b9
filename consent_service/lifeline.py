"""Ends a process when the one that began it is gone, so that none is left behind."""

import os
import signal
import threading
import time

PARENT_VARIABLE = "CONSENT_RUN_PARENT"
_LOOK_SECONDS = 1.0


def follow_parent() -> None:
    """Ask this process to end once its parent is not the one that the environment names.

    Does nothing where none is named.
    """
    named = os.environ.get(PARENT_VARIABLE)
    if named:
        threading.Thread(target=_watch, args=(int(named),), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
