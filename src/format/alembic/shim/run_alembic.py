"""Runs Alembic as its console script would: `python run_alembic.py upgrade head`.

The console script may be missing, or belong to another Python than the one we were told to use. Exit code 87 means
that this Python has no Alembic; nothing was run then.
"""

import os
import sys

EXIT_CODE = 87


def run():
    # Python put this file's folder first. A console script has the environment's bin folder there.
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        sys.path[0] = os.path.dirname(os.path.abspath(sys.executable))
    sys.argv[0] = "alembic"
    try:
        from alembic.config import main
    except ImportError as error:
        sys.stderr.write(f"rebaseline: {sys.executable} cannot import alembic: {error}\n")
        return EXIT_CODE
    return main(prog="alembic")


if __name__ == "__main__":
    sys.exit(run())
