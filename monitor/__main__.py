"""``python -m monitor`` and the ``monitor`` script."""

from __future__ import annotations

from monitor.cli.app import main

if __name__ == "__main__":
    main()
