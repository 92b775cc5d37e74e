"""Times as files write them: what a text, number or Arrow column says, clocks, and days of feeds.

    column of a file --open_times(sample)--> reader --read(block)--> Times --Clock--> ns UTC

A reader takes the form of its column from a sample, and reads every block in that form. A row of
another form is not read, and `result.Times.fault` says why. Times without a zone are on the clock
of the file (`result.Times.wall`), and a `clock.Clock` turns them into instants.
"""
