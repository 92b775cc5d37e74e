"""The command line as `python -m pipeline.cli`, for when the console script is not on the path."""

from pipeline.cli import main

# A process started with "spawn" imports this file, and must not run the command again.
if __name__ == "__main__":
    main()
