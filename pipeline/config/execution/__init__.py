"""The sections about trading: the account, the execution with its costs, the instruments."""
