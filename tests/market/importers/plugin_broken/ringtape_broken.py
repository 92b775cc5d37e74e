"""An importer whose module cannot be imported."""

raise ValueError("no licence found")
