"""The command `customdb-contract`, or `python -m customdb_contract`: it can be interrupted from its first import on."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` looks for modules in the working directory first, where a file may be called like one of Python's own.
    del sys.path[0]

from customdb_contract.interrupts import interruptible

__all__ = ["main"]


def main() -> int:
    """Run the command line, and return its exit code."""
    try:
        with interruptible() as interrupts, interrupts.immediate():
            from customdb_contract import _cli  # noqa: PLC0415 - this is what takes time

            return _cli.main()
    except KeyboardInterrupt:
        sys.stderr.write("customdb-contract: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
