"""What every test may use."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of outside data beside the project; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("SKYNETBOT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"outside data is not here: {folder} (set SKYNETBOT_SHARED_DATA)")
    return folder
