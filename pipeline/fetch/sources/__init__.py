"""The sources, one file for each; `table` lists them without importing any."""
