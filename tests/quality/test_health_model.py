"""The shipped weights of the health detector are those of today's mails and features.

Who changes a mail, a list of concepts or a feature and does not train anew ships a model of
something else. `train.py --check` asks it in one pass, without training.
"""

import subprocess
import sys
from pathlib import Path

TRAIN = Path(__file__).parent / "health" / "train.py"


def test_the_shipped_weights_are_those_of_the_mails() -> None:
    done = subprocess.run(
        [sys.executable, str(TRAIN), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "the shipped weights are those of the data\n")
