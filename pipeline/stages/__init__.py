"""The stages of a run, where market, strategy and execution meet shared memory.

    coordinator --edge--> processor x P --edge--> engine x E --edge--> coordinator

An edge is a StreamSubscription; what travels over it is a slot of the ring.
"""
