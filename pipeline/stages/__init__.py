"""The stages of a run: its processes, and what each reads and writes.

::

    supervisor (runner.crew)     jobs down, facts up; makes the memory, starts and watches all
         |
    catalog --> coordinator --> processor x P --> engine x E --> result files
                   ^        filled           derived    |
                   +------------------ free ------------+

An arrow between stages is an edge, a `StreamSubscription`. Tokens travel over it, each for one slot
of the ring; the slot itself lies in shared memory and is never copied. Each producer has an edge to
each of its consumers: a processor waits for the coordinator, an engine for every processor, and the
coordinator for every engine before it fills a slot again.

Every process runs `member.run_member` with its `member.Place` and its job, and sends its facts
home.

    coordinator   `jobs.Coordination`: `coordinator.Coordinator` over a `tape.tape.Tape`
        reads     the catalog's bars; the gates by which the others say that they are ready
        writes    of a slot: header, sessions, base bars with their lookback; `facts.TapeFacts`
    processor     `jobs.Processing`: `processor.Processor`, for symbols of its own
        reads     of a slot: header, sessions, base bars
        writes    of a slot, its own symbols alone: longer bars, indicators, quality;
                  `facts.ProcessorFacts`
    engine        `jobs.Analysis`: `engine.Engine`, for lanes of its own
        reads     of a slot: everything, and writes nothing of it
        writes    result files; its lanes' row of the scoreboard (`halving`); `facts.EngineFacts`
    supervisor    `runner.crew.Crew`
        reads     facts; exit codes; every member's cell of the control page; the stats block
        writes    the control page's state and its abort flag; its own row of the stats block

Each member also has

    its cell of the control page   heartbeat, lane at work, error,     read by the supervisor
                                   what it compiles (`compiling`)
    its row of the stats block     `metrics.PerformanceMetrics`        read by anyone

and each edge whose pace a clock or a feed sets has counts of its own, drawn in `subscription`.

A member that fails writes its error into its cell and exits with 1. The supervisor then sets the
abort flag, which every wait looks at, and raises that error. A member that ends without an error is
found by its exit code. One that outlives the supervisor ends itself.
"""
