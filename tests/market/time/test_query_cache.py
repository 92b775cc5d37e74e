"""The cache of a time manager's questions: what it keeps, what it counts."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.time.query_cache import CACHE_CAPACITY, QueryCache


def ask(cache: QueryCache, question: int, computed: list[int]) -> int:
    def compute() -> int:
        computed.append(question)
        return -question

    return cache.answer(("q", question), compute)


def test_the_lru_keeps_the_latest_questions_and_forgets_older_ones() -> None:
    cache, computed = QueryCache(), list[int]()
    for question in range(CACHE_CAPACITY + 1):
        ask(cache, question, computed)
    assert cache.statistics().entries == CACHE_CAPACITY
    ask(cache, 1, computed)
    assert cache.statistics().lru_hits == 1
    ask(cache, 0, computed)
    assert cache.statistics().misses == CACHE_CAPACITY + 2 == len(computed)


@given(st.lists(st.integers(0, 4) | st.none(), max_size=40))
def test_every_answer_is_right_and_every_question_counted(questions: list[int | None]) -> None:
    """None starts a session, after which nothing is known."""
    cache, computed = QueryCache(), list[int]()
    known: set[int] = set()
    misses = 0
    for question in questions:
        if question is None:
            cache.invalidate()
            known.clear()
            continue
        misses += question not in known
        known.add(question)
        assert ask(cache, question, computed) == -question
    counted = cache.statistics()
    asked = sum(question is not None for question in questions)
    assert (counted.queries, counted.misses) == (asked, misses)
    assert counted.invalidations == len(questions) - asked
    assert len(computed) == misses
    assert counted.entries == len(known)


def test_a_report_tells_how_many_were_answered_from_the_cache() -> None:
    cache, computed = QueryCache(), list[int]()
    assert cache.statistics().hit_rate == cache.statistics().last_hit_rate == 0.0
    cache.invalidate()
    for question in (1, 1, 2, 1):
        ask(cache, question, computed)
    assert cache.statistics().format_report() == (
        "4 calendar queries in 1 sessions\n"
        "50.0% answered from the cache, 25.0% as the one just asked\n"
    )
