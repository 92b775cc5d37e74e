"""How a strategy's source becomes machine code, and where that code is kept."""
