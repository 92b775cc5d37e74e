"""Looking at runs from outside."""
