"""`python -m ari_tui` is the `ari-tui` command."""

from ari_tui.cli.main import main

if __name__ == "__main__":
    main()
