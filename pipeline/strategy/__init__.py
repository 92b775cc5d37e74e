"""What a user writes, a strategy, and the context it talks to: one source, at two speeds."""
