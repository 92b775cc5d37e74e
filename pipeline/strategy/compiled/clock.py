"""The exchange's clock as compiled functions: a moment in its time zone."""

from pipeline.codes import DAY_NS
from pipeline.execution.account import account_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8
from pipeline.strategy.compiled.records import context_at
from pipeline.strategy.local_time import LocalTime

_SECOND = 1_000_000_000
#: Days from 1 March of the year 0 to 1970-01-01, of four centuries, and of other spans of years.
_FROM_MARCH_OF_YEAR_0 = 719_468
_ERA, _CENTURY, _FOUR_YEARS, _YEAR = 146_097, 36_524, 1_460, 365


@kernel()
def ahead_of_utc(zone: int, count: int, now: int) -> int:
    """Return how far a zone's clock is ahead of UTC at a moment, in ns.

    ``zone``: address of i8[``count``, 2], moments in ascending order from which on the clock is so
    many ns ahead. The first one holds before, too.
    """
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        if load_i8(zone, 2 * middle) <= now:
            low = middle
        else:
            high = middle
    return load_i8(zone, 2 * low + 1)


@kernel()
def local_time(local: int) -> LocalTime:
    """Return a moment, in ns of the local clock since 1970-01-01T00:00, as that clock shows it.

    Years begin in March, so that the leap day is a year's last (Howard Hinnant, "chrono-Compatible
    Low-Level Date Algorithms", civil_from_days).
    """
    days = local // DAY_NS
    of_day = (local - days * DAY_NS) // _SECOND
    shifted = days + _FROM_MARCH_OF_YEAR_0
    era = shifted // _ERA
    of_era = shifted - era * _ERA
    years = (of_era - of_era // _FOUR_YEARS + of_era // _CENTURY - of_era // (_ERA - 1)) // _YEAR
    of_year = of_era - (_YEAR * years + years // 4 - years // 100)
    from_march = (5 * of_year + 2) // 153
    day = of_year - (153 * from_march + 2) // 5 + 1
    month = from_march + 3 if from_march < 10 else from_march - 9
    year = years + era * 400 + (1 if month <= 2 else 0)
    return LocalTime(
        year * 10_000 + month * 100 + day,
        year,
        month,
        day,
        (days + 3) % 7,
        of_day // 3600,
        of_day // 60 % 60,
        of_day % 60,
    )


@kernel()
def time_now(context: int) -> LocalTime:
    """Return the present moment on the exchange's clock."""
    record = context_at(context)
    now = account_at(record.account).now
    return local_time(now + ahead_of_utc(record.zone, record.zone_count, now))
