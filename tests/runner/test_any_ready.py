import multiprocess
import pytest

from pipeline.runner.any_ready import any_ready


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_all_that_are_ready_are_found_however_many_are_waited_for_at_once(most: int):
    pipes = [multiprocess.Pipe(duplex=False) for _ in range(5)]
    receiving = [one for one, _ in pipes]
    try:
        assert any_ready(receiving, 0, most) == []
        for number in (1, 4):
            pipes[number][1].send("done")
        found = any_ready(receiving, 0.01, most)
        assert sorted(map(receiving.index, found)) == [1, 4]
    finally:
        for pipe in pipes:
            for end in pipe:
                end.close()


def test_there_may_be_nothing_to_wait_for():
    assert any_ready([], 0) == []
