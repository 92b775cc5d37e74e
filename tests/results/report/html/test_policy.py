"""The policy of a page."""

import base64
import hashlib

from pipeline.results.report.html.policy import escaped, policy_of


def test_a_policy_names_the_hashes_of_scripts_and_styles_and_forbids_all_else():
    digest = base64.b64encode(hashlib.sha256(b"let a = 1;").digest()).decode()
    policy = policy_of(["let a = 1;"], ["p {}"])
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'sha256")
    assert "unsafe" not in policy


def test_a_page_without_a_style_of_its_own_may_use_any_but_no_other_script():
    policy = policy_of(["let a = 1;"], [], "data: blob:")
    assert "style-src 'unsafe-inline'; img-src data: blob:;" in policy
    assert "'unsafe-inline'" not in policy.partition("style-src")[0]


def test_a_script_does_not_end_its_element():
    assert "</script" not in escaped("let end = '</script>';")
