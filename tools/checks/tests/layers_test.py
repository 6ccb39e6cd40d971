"""layers.py accepts a good tree and names each kind of mistake in a bad one."""

from pathlib import Path

import layers
import pytest

LAYERS = """
folder base:
folder wire: base   # a comment
strict core
set stages: core/link
    core/half
units @stages: wire base
units core/top: @stages
system base core: stdint.h
tests core: support
folder support:
"""

GOOD = {
    "plugin/base/nsec.h": "#include <stdint.h>\n",
    "plugin/wire/cell.h": '#include "base/nsec.h"\n',
    "plugin/wire/cell.c": '#include "wire/cell.h"\n\n#include <stdio.h>\n\n#include "base/nsec.h"\n',
    "plugin/core/link.h": "",
    "plugin/core/half.h": "",
    "plugin/core/half_test.c": '#include "core/half.h"\n\n#include <stdio.h>\n\n#include "support/test.h"\n',
    "plugin/core/top.c": '#include "core/half.h"\n#include "core/link.h"\n',
    "tests/support/test.h": "",
}

BAD = {
    "upwards": ({"plugin/base/nsec.h": '#include "wire/cell.h"\n'}, 'base/nsec may not include "wire/cell.h"'),
    "sibling": ({"plugin/core/half.h": '#include "core/link.h"\n'}, 'core/half may not include "core/link.h"'),
    "cycle": (
        {"plugin/wire/a.h": '#include "wire/b.h"\n', "plugin/wire/b.h": '#include "wire/a.h"\n'},
        "a cycle: wire/a -> wire/b -> wire/a",
    ),
    "uncovered folder": ({"plugin/other/a.c": ""}, "plugin/other/a.c: not covered"),
    "uncovered unit": ({"plugin/core/new.c": ""}, "add a line `units core/new"),
    "system header": ({"plugin/base/clock.c": "#include <time.h>\n"}, "<time.h> is not among"),
    "missing file": ({"plugin/wire/a.c": '#include "cell.h"\n'}, "no such file"),
    "own header late": (
        {"plugin/wire/cell.c": '#include <stdio.h>\n#include "wire/cell.h"\n'},
        'its own header "wire/cell.h" must be included first',
    ),
    "system after internal": (
        {"plugin/wire/a.c": '#include "base/nsec.h"\n#include <stdio.h>\n'},
        "<stdio.h> must come before",
    ),
}


def errors_of(root: Path, files: dict[str, str]) -> list[str]:
    (root / "layers.txt").write_text(LAYERS)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return layers.check(root, layers.read_layers(root / "layers.txt"))


def test_good_tree(tmp_path):
    assert errors_of(tmp_path, GOOD) == []


@pytest.mark.parametrize("case", BAD)
def test_bad_tree(tmp_path, case):
    files, expected = BAD[case]
    errors = errors_of(tmp_path, GOOD | files)
    assert len(errors) == 1
    assert expected in errors[0]


def test_bad_layer_file(tmp_path):
    (tmp_path / "layers.txt").write_text("folder wire: @nobody\n")
    with pytest.raises(layers.LayerError, match="@nobody"):
        layers.read_layers(tmp_path / "layers.txt")
