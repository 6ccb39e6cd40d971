"""tools/test counts what ctest wrote, and calls nothing a success that did not run."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import stages

JUNIT = """<testsuite>
<testcase name="unit.a" status="run"><system-out>fine</system-out></testcase>
<testcase name="unit.b" status="fail"><failure message=""/><system-out>oops</system-out></testcase>
<testcase name="unit.c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
<testcase name="unit.d" status="notrun"><skipped message="Unable to find executable"/></testcase>
<testcase name="unit.e" status="disabled"/>
</testsuite>"""


def test_read_junit(tmp_path, capsys):
    (tmp_path / "unit.xml").write_text(JUNIT)
    tally = stages.read_junit(tmp_path / "unit.xml", "dev")
    assert tally.passed == 1
    assert tally.failed == ["dev: unit.b", "dev: unit.d", "dev: unit.e"]
    assert tally.skipped == ["dev: unit.c"]
    assert tally.summary() == "1 passed, 3 failed, 1 skipped"
    assert "    oops" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tally", "status", "last"),
    [
        (stages.Tally(passed=3), 0, "3 passed, 0 failed"),
        (stages.Tally(passed=3, skipped=["dev: x"]), 0, "3 passed, 0 failed, 1 skipped"),
        (stages.Tally(passed=3, failed=["dev: x"]), 1, "3 passed, 1 failed"),
        (stages.Tally(), 1, "0 passed, 0 failed"),
    ],
)
def test_last_line_and_status(monkeypatch, capsys, tally, status, last):
    monkeypatch.setattr(stages, "run_stages", lambda *_: tally)
    monkeypatch.setattr(sys, "argv", ["tools/test"])
    assert stages.main() == status
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_broken_build_is_a_failed_test(monkeypatch, capsys):
    monkeypatch.setattr(stages, "run", lambda command: stages.subprocess.CompletedProcess(command, 1, "no such file"))
    assert stages.run_stages(["dev"], [], None, False).summary() == "0 passed, 1 failed"
    assert "no such file" in capsys.readouterr().out


def test_budgets_fit_into_the_total():
    assert stages.BUILD_SECONDS.keys() == stages.BUDGETS.keys()
    builds = sum(stages.BUILD_SECONDS.values())
    assert builds + sum(sum(budgets.values()) for budgets in stages.BUDGETS.values()) == stages.TOTAL_BUDGET


def test_each_preset_is_built_before_its_tests(monkeypatch):
    done = []
    budgets = {"dev": {"unit": 1, "interop": 1, "sim": 1}, "asan": {"unit": 1}, "tsan": {}}
    monkeypatch.setattr(stages, "BUDGETS", budgets)

    def run(command):
        if "--build" in command:
            done.append(" ".join(word for word in command if not word.startswith("--")))
        return stages.subprocess.CompletedProcess(command, 1 if "tsan" in command else 0, "no such file")

    def run_label(preset, label, *_):
        done.append(f"{preset} {label}")
        return stages.Tally(passed=1)

    monkeypatch.setattr(stages, "run", run)
    monkeypatch.setattr(stages, "run_label", run_label)
    assert stages.run_stages(["dev", "asan", "tsan"], [], None, False).summary() == "4 passed, 1 failed"
    assert done == ["cmake dev", "dev unit", "dev interop", "dev sim", "cmake asan", "asan unit"]


@pytest.mark.parametrize(
    ("label", "second", "failed", "passed_again"),
    [
        ("interop", [], [], ["dev: interop.a"]),
        ("interop", ["dev: interop.a"], ["dev: interop.a"], []),
        ("unit", [], ["dev: interop.a"], []),  # what depends on nobody else has one try
    ],
)
def test_real_programs_have_a_second_try_that_is_named(monkeypatch, label, second, failed, passed_again):
    tries = [stages.Tally(passed=5, failed=["dev: interop.a"]), stages.Tally(passed=1 - len(second), failed=second)]
    monkeypatch.setattr(stages, "ctest", lambda *_: tries.pop(0))
    tally = stages.run_label("dev", label, 1000, None)
    assert (tally.failed, tally.passed_again) == (failed, passed_again)
    assert tally.passed == 5 + len(passed_again)


def test_what_passed_at_the_second_try_is_said(monkeypatch, capsys):
    monkeypatch.setattr(stages, "run_stages", lambda *_: stages.Tally(passed=6, passed_again=["dev: interop.a"]))
    monkeypatch.setattr(sys, "argv", ["tools/test"])
    assert stages.main() == 0
    assert "passed at the second try: dev: interop.a" in capsys.readouterr().out
