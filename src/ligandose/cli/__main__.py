"""`python -m ligandose.cli`."""

import sys

from ligandose.cli.main import main

sys.exit(main())
