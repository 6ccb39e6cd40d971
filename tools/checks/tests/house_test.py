"""house.py names each kind of mistake in a bad tree, and honours exceptions."""

from pathlib import Path

import house
import pytest

LONG = "int long_one(void) {\n" + "    step();\n" * 120 + "}\n"
UNFINISHED = "TO" + "DO"

GOOD = {
    "plugin/wire/cell.h": "/* cell - one cell. */\n",
    "plugin/wire/cell.c": '/* "sprintf(" in a comment is fine */\nint f(void) {\n    return g("rand()");\n}\n',
    "plugin/wire/cell_test.c": "void t(void *p) {\n    free(p);\n}\n",
    "plugin/native/main.c": "int main(void) {\n    return time(0) != 0;\n}\n",
}

BAD = {
    "unfinished": ({"docs/a.md": f"{UNFINISHED}: more\n"}, "left over"),
    "long file": ({"plugin/native/a.c": "int x;\n" * 701}, "701 lines, at most 700"),
    "long function": ({"plugin/native/a.c": LONG}, "plugin/native/a.c:long_one: 122 lines"),
    "banned call": ({"plugin/native/a.c": "void f(char *s) {\n    sprintf(s, s);\n}\n"}, "a.c:2: sprintf() is banned"),
    "clock in the core": ({"plugin/core/a.c": "long f(void) {\n    return time(0);\n}\n"}, "time() is banned"),
    "no title": ({"plugin/wire/x.h": "#ifndef X\n"}, "a header opens with a title"),
    "no test": ({"plugin/wire/x.h": "/* x - x. */\n", "plugin/wire/x.c": "int x;\n"}, "no x_test.c beside it"),
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_good_tree(tmp_path):
    write(tmp_path, GOOD)
    assert house.check(tmp_path, {}) == ([], [])


@pytest.mark.parametrize("case", BAD)
def test_bad_tree(tmp_path, case):
    files, expected = BAD[case]
    write(tmp_path, GOOD | files)
    errors, _ = house.check(tmp_path, {})
    assert len(errors) == 1
    assert expected in errors[0]


def test_exceptions(tmp_path):
    write(tmp_path, GOOD | BAD["long function"][0])
    key = ("function", "plugin/native/a.c:long_one")
    assert house.check(tmp_path, {key: "a table"})[0] == []
    unused = {key: "a table", ("lines", "gone.c"): "x"}
    assert house.check(tmp_path, unused)[0] == ["exception without use: lines gone.c"]


def test_warning(tmp_path):
    write(tmp_path, {"plugin/native/a.c": "int x;\n" * 500})
    errors, warnings = house.check(tmp_path, {})
    assert errors == []
    assert "500 lines" in warnings[0]
