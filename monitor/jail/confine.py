"""What a child gives up before it reads its first document. Runs in the child, on Linux with all of it."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

MEMORY = 512 * 2**20  # bytes of address space above what the started child has
MOST_FILES = 32

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


def cut_network() -> bool:
    """Leave for a network namespace without a way out; whether the kernel allowed it.

    An unprivileged process needs a user namespace for it, which needs a process without threads: called first of all.
    """
    return _call("unshare", _CLONE_NEWNET) or _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET)


def confine(parent: int, memory: int = MEMORY) -> None:
    """Die with the parent, gain no rights, write and start nothing, and stay within ``memory`` bytes from now on.

    Called after everything is imported, and after ``cut_network``: a change of namespaces unsets the death signal.
    """
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before the signal was asked for
        os._exit(0)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
    limits = {
        resource.RLIMIT_AS: address_space() + memory,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: MOST_FILES,
        resource.RLIMIT_NPROC: 0,  # root is not bound by it; everybody else starts nothing
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def address_space() -> int:
    """Bytes of address space that this process has."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def limit_processor(seconds: float) -> None:
    """From now on the process dies of SIGPROF after this much processor time; 0 takes the limit away.

    Not RLIMIT_CPU: that counts whole seconds of the process's whole life.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _call(name: str, *arguments: int) -> bool:
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (AttributeError, OSError):  # no such call on this system
        return False
    return bool(function(*map(ctypes.c_ulong, arguments)) == 0)
