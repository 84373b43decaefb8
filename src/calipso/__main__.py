"""`python -m calipso` is `calipso`."""

from __future__ import annotations

from calipso.cli.main import main

if __name__ == "__main__":
    main()
