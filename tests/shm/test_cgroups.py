"""Limits of control groups, from a tree of files like that of the system."""

from pathlib import Path

import pytest

from shm import cgroups
from shm.cgroups import memory_left, processor_quota

BOTH = """31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""
ONE = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup rw,nsdelegate\n"
OF_A_CONTAINER = "30 23 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write the files of a system: its mounts, the groups of this process, and those of groups."""
    monkeypatch.setattr(cgroups, "_ROOT", tmp_path)

    def write(mounts: str, own: str, **files: str) -> None:
        named = files | {"proc/self/mountinfo": mounts, "proc/self/cgroup": own}
        for path, content in named.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content)

    return write


def memory(group: str, limit: object, used: int, *, version: int, cache: int = 0) -> dict[str, str]:
    names = "limit_in_bytes usage_in_bytes total_" if version == 1 else "max current "
    most, taken, prefix = names.split(" ")
    return {
        f"{group}/memory.{most}": f"{limit}\n",
        f"{group}/memory.{taken}": f"{used}\n",
        f"{group}/memory.stat": f"anon 5\n{prefix}inactive_file {cache}\n{prefix}active_file 1\n",
    }


def test_a_system_without_groups_has_no_limits(system) -> None:
    assert (memory_left(), processor_quota()) == (None, None)
    system("", "")
    assert (memory_left(), processor_quota()) == (None, None)


def test_of_nested_groups_the_one_that_leaves_least_counts(system) -> None:
    top = "sys/fs/cgroup"
    system(
        ONE,
        "0::/user.slice/job.scope\n",
        **memory(f"{top}/user.slice/job.scope", "max", 900, version=2),
        **memory(f"{top}/user.slice", 1_000, 900, version=2, cache=300),
        **{
            f"{top}/user.slice/job.scope/cpu.max": "350000 100000\n",
            f"{top}/user.slice/cpu.max": "max 100000\n",
            f"{top}/cpu.max": "400000 100000\n",
        },
    )
    assert (memory_left(), processor_quota()) == (401, 3.5)


def test_groups_of_version_1_lie_in_a_tree_for_each_controller(system) -> None:
    system(
        BOTH,
        "4:memory:/batch/17\n2:cpuacct,cpu:/batch\n0::/\n",
        **memory("sys/fs/cgroup/memory/batch/17", 2**63 - 4096, 900, version=1),
        **memory("sys/fs/cgroup/memory/batch", 5_000, 900, version=1, cache=50),
        **{
            "sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us": "150000\n",
            "sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
    )
    assert (memory_left(), processor_quota()) == (4_151, 1.5)


@pytest.mark.parametrize("own", ["0::/docker/ab\n", "0::/\n", "0::/../../other\n"])
def test_a_container_finds_its_own_group_at_the_mount_point(system, own: str) -> None:
    system(OF_A_CONTAINER, own, **memory("sys/fs/cgroup", 1_000, 2_000, version=2))
    assert memory_left() == 0


def test_a_group_below_that_of_a_container_counts_too(system) -> None:
    files = memory("sys/fs/cgroup", 5_000, 1_000, version=2)
    files |= memory("sys/fs/cgroup/mine", 2_000, 1_500, version=2)
    system(OF_A_CONTAINER, "0::/docker/ab/mine\n", **files)
    assert memory_left() == 501


def test_a_mount_point_may_have_spaces_and_a_group_may_lack_files(system) -> None:
    mounts = r"30 23 0:26 / /my\040groups rw - cgroup2 cgroup rw"
    system(mounts, "0::/a\n", **{"my groups/a/cpu.max": "50000 100000\n"})
    assert (memory_left(), processor_quota()) == (None, 0.5)
