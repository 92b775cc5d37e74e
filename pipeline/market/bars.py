"""Bars: which session each belongs to, and when it becomes known.

A bar is labelled by its open ``ts`` and becomes known at ``close_ts``, which is ``ts`` plus the
interval, cut at the session's close. It belongs to a session if it overlaps the session. Base
daily bars are the exception: their ``ts`` is a label, 00:00Z of the session's date, or the instant
at which the vendor's day begins. On the tape it is the session's open (`tape.feed`).

Kernels write into the caller's arrays only. Rows that cannot be bars are found by `bar_rules`.
"""

from pipeline.codes import DAY_NS
from pipeline.native.kernel import kernel


@kernel()
def place_of(moment, moments):  # type: ignore[no-untyped-def]
    """Return how many of ``moments``, int64[N] ascending, come before ``moment``.

    As ``numpy.searchsorted``, but code that has that in it imports SciPy when it is loaded.
    """
    begin, end = 0, moments.shape[0]
    while begin < end:
        middle = (begin + end) // 2
        if moments[middle] < moment:
            begin = middle + 1
        else:
            end = middle
    return begin


@kernel()
def assign_sessions(  # type: ignore[no-untyped-def]
    ts, interval_ns, open_ns, close_ns, date_ns, out_session, out_close_ts
):
    """Find session and close of each bar of one symbol; return how many bars lie in a session.

    ``ts`` int64[N] is ascending. ``open_ns``, ``close_ns`` and ``date_ns`` int64[K] are those of a
    ``SessionTable``. ``out_session`` int64[N] gets the index of the session that the bar overlaps
    (the earlier one of two), or -1 if it overlaps none. ``out_close_ts`` int64[N] gets
    ``min(ts + interval, close of the session)``, or ``ts + interval`` outside of sessions.

    A daily bar (interval 1d) whose ``ts`` is 00:00Z belongs to the session of that date. Any other
    ``ts`` is the instant at which the vendor's day begins, 21:00Z of the day before for example;
    the bar then belongs to the session in which the middle of that day lies.
    """
    inside = 0
    sessions = open_ns.shape[0]
    s = 0
    daily = interval_ns >= DAY_NS
    middle = interval_ns // 2
    if ts.shape[0] > 0 and daily:
        labelled = ts[0] % DAY_NS == 0
        s = place_of(ts[0], date_ns) if labelled else place_of(ts[0] + middle + 1, close_ns)
    elif ts.shape[0] > 0:
        s = place_of(ts[0] + 1, close_ns)
    for i in range(ts.shape[0]):
        end = ts[i] + interval_ns
        out_session[i] = -1
        out_close_ts[i] = end
        if daily and ts[i] % DAY_NS != 0:
            while s < sessions and close_ns[s] <= ts[i] + middle:
                s += 1
            belongs = s < sessions and open_ns[s] <= ts[i] + middle
        elif daily:
            while s < sessions and date_ns[s] < ts[i]:
                s += 1
            belongs = s < sessions and date_ns[s] == ts[i]
        else:
            while s < sessions and close_ns[s] <= ts[i]:
                s += 1
            belongs = s < sessions and open_ns[s] < end
        if belongs:
            out_session[i] = s
            out_close_ts[i] = close_ns[s] if daily else min(end, close_ns[s])
            inside += 1
    return inside
