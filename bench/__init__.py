"""Every performance claim of the project as a command: ours, the naive way and the peers, in one run."""

import sys
from pathlib import Path

# The servers that tests start are the benches' too (`support.servers`); pytest finds them by the same path.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
