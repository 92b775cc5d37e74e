"""What happens to a lane's account where a session closes, and where the next one opens."""

from pipeline.codes import DAY_NS
from pipeline.execution.account import account_at, record_session
from pipeline.execution.book import close_orders
from pipeline.execution.commission import begin_month
from pipeline.execution.overnight import open_books
from pipeline.lane.session_quality import grade_session
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, record_at
from pipeline.strategy.compiled.records import context_at
from pipeline.tape.slot import SESSION

session_at = record_at(SESSION)
_SESSION_SIZE = SESSION.itemsize


@kernel()
def close_session(context_address: int) -> int:
    """Record the equity at a session's close, end its orders and grade its quality.

    Returns the number of the session among those of the slot.
    """
    # Step 10
    context = context_at(context_address)
    account = account_at(context.account)
    record_session(account)
    close_orders(account)
    account.between = 1
    place = context.next_close
    while session_at(context.sessions + place * _SESSION_SIZE).closes == 0:
        place += 1
    context.next_close = place + 1
    if account.poor_below > 0.0:
        grade_session(context_address, session_at(context.sessions + place * _SESSION_SIZE))
    return place


@kernel()
def open_session(context_address: int) -> int:
    """Make the slot's next session the current one, and book what came due before it.

    Returns the number of the session among those of the slot.
    """
    # Step 11
    context = context_at(context_address)
    place = context.next_open
    while session_at(context.sessions + place * _SESSION_SIZE).opens == 0:
        place += 1
    session = session_at(context.sessions + place * _SESSION_SIZE)
    context.next_open = place + 1
    account = account_at(context.account)
    open_books(account, session.date, session.index)
    context.session_date = session.date
    context.session_open = session.open
    context.session_close = session.close
    account = account_at(context.account)
    begin_month(account, session.date // DAY_NS)
    account.session_open = session.open
    account.session_close = session.close
    account.between = 0
    if account.hours != 0:
        account.hours_from = load_i8(account.hours, 2 * session.index)
        account.hours_until = load_i8(account.hours, 2 * session.index + 1)
    return place
