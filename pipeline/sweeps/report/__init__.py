"""The report of a sweep: one page of HTML that needs no network."""
