"""`python -m pipeline.cli`: the command line where the console script is not on the path."""

from pipeline.cli import main

# The guard keeps processes started with "spawn", which import this file, from being commands too.
if __name__ == "__main__":
    main()
