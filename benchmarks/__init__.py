"""Benchmarks, as ratios measured in one run: absolute times prove nothing on a busy machine."""

import sys
from pathlib import Path

# Database servers are started in the same way as in the tests.
sys.path.append(str(Path(__file__).parent.parent / "tests"))
