"""Speed, as ratios that are measured in one run: absolute times prove nothing on a busy machine."""

import sys
from pathlib import Path

# Database servers are started as the tests start them.
sys.path.append(str(Path(__file__).parent.parent / "tests"))
