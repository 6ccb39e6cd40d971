"""The package is found wherever pytest is started; keys are made once for all tests, for they take some seconds."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
