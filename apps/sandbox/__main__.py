"""`python -m apps.sandbox COMMAND`: the sandbox's own entry, also reached as `./run sandbox COMMAND`."""

import os
import sys

from apps.sandbox.control.commands import main

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "apps.sandbox.settings"
    sys.exit(main(sys.argv[1:]))
