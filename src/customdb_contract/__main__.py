"""`python -m customdb_contract`: the same as the command `customdb-contract`."""

import sys

from customdb_contract._cli import main

sys.exit(main())
