"""The sections that say how a lane trades: its account, its fills and costs, its instruments."""
