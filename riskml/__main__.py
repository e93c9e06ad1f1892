"""``python -m riskml`` is ``riskml``."""

import sys

from riskml.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
