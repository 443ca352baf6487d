"""The guard: a parent process that outlives its child, and ends everything that the child has started.

This file needs no package: the container of Node runs it as a script.
"""

import contextlib
import os
import select
import signal
import sys

try:
    import resource
except ImportError:  # pragma: no cover - Windows has none, and no containers either
    resource = None  # type: ignore[assignment] # see above

__all__ = ["guarded", "main", "watch_over"]

_SIGNAL_BASE = 128
_PR_SET_CHILD_SUBREAPER = 36


def guarded() -> tuple[int, int]:
    """Put the process of a runner under a guard, and take its descriptors from the arguments.

    No code that is loaded later sees the descriptors, and the processes that it starts do not inherit them.

    Returns:
        The descriptors of the control socket, and of the guard: see `watch_over`.
    """
    life, control = map(int, sys.argv[1:])
    del sys.argv[1:]
    ready = watch_over(life, control)
    os.set_inheritable(control, False)  # noqa: FBT003 - that is its signature
    return control, ready


def watch_over(life: int, control: int) -> int:
    """Fork. The child returns; the parent exits with the child's exit code when it is gone.

    The parent is its guard: when the child ends, or the other end of `life` is closed, because its owner requests that
    or has died, every process that the child has started is killed.

    Args:
        life: A descriptor that becomes readable when the child must end.
        control: A descriptor that only the child needs.

    Returns:
        A descriptor that becomes readable once the guard can find even processes that leave its process group.

    Raises:
        SystemExit: In the parent; a code of 128 or more stands for a signal.
    """
    waking, woken = os.pipe()
    ready, readied = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _note)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in (waking, woken, readied, life):
            os.close(descriptor)
        if resource is not None:  # pragma: no branch - see above
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        return ready
    for descriptor in (ready, control):
        os.close(descriptor)
    _adopt_orphans()
    os.close(readied)
    code = _wait(child, life, waking)
    _kill_descendants(child)
    if code is None:
        # If orphans can't be adopted, they are at least in this process group.
        os.killpg(0, signal.SIGKILL)  # pragma: no cover - it ends this process too, and what measures it
    sys.exit(code)


def main(arguments: list[str]) -> None:
    """Run a command under a guard.

    Args:
        arguments: The descriptors `life` and `control`, and the command, for which `control` stays open.
    """
    life, control, *command = arguments
    os.close(watch_over(int(life), int(control)))
    # Python itself sets it if no locale is set; the command gets the environment that the container received.
    if os.environ.get("LC_CTYPE") == "C.UTF-8":
        del os.environ["LC_CTYPE"]
    os.execv(command[0], command)  # noqa: S606 - that is what it is for


def _note(_: int, __: object) -> None:
    """A handler, because without one the signal wakes nothing."""


def _adopt_orphans() -> None:
    """Become the parent of every orphan below, if the system supports it: even one that left its session is found."""
    try:
        import ctypes  # noqa: PLC0415 - it costs milliseconds, which the child doesn't wait for

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, AttributeError, OSError, TypeError):
        # Only Linux has it; elsewhere, only the session of the child is killed.
        return


def _wait(child: int, life: int, waking: int) -> int | None:
    """Wait until the child has ended, and return its exit code; None when it must end."""
    while True:
        readable, _, _ = select.select([life, waking], [], [])
        if life in readable:
            return None
        os.read(waking, 512)
        code = _reap(child)
        if code is not None:
            return code


def _reap(child: int) -> int | None:
    """Collect every process that has ended, and return the exit code of the child if it is among them."""
    found = None
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if process == 0:
            return found
        if process == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else _SIGNAL_BASE - code


def _kill_descendants(child: int) -> None:
    """Kill the child, and then one generation of adopted orphans after another."""
    while True:
        for process in {child, *_children()}:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow
            return [int(process) for process in file.read().split()]
    except (OSError, ValueError):
        return []


if __name__ == "__main__":  # pragma: no cover - for a Python without site-packages, and so without what measures it
    main(sys.argv[1:])
