"""The command `customdb-contract`, or `python -m customdb_contract`; it can be interrupted from its first import on."""

import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` searches the working directory first, where a file can have the name of a standard library module.
    del sys.path[0]

__all__ = ["main"]


def main() -> int:
    """Run the command line, and return its exit code."""
    if sys.argv[1:] in (["-h"], ["--help"]):
        return _help()
    from customdb_contract.interrupts import EXIT_INTERRUPTED, interruptible  # noqa: PLC0415 - the help does without

    try:
        with interruptible() as interrupts, interrupts.immediate():
            from customdb_contract import _cli  # noqa: PLC0415 - this is what takes time

            return _cli.main()
    except KeyboardInterrupt:
        sys.stderr.write("customdb-contract: interrupted\n")
        return EXIT_INTERRUPTED


def _help() -> int:
    from customdb_contract._help import help_text  # noqa: PLC0415 - see above

    try:
        sys.stdout.write(help_text())
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output has closed it; Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
