"""The workflows of the repository keep to the schema of their service."""

import subprocess
import sys

from tests.reference.own_process import ROOT


def test_every_workflow_is_valid():
    files = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert files
    schema = ["--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
