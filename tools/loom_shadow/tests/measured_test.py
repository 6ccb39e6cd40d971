"""What hosts wrote down becomes one JSON; what is broken is named."""

import json

import pytest
from loom_shadow.errors import ShadowError
from loom_shadow.measured import collect
from small_plan import S, plan

FETCH = {"kind": "transfer", "session": 1, "number": 0, "server": 0, "file": 0, "bytes": 51200, "new": True,
         "path": ["A" * 40, "C" * 40, "B" * 40], "started": S, "built": S + 1, "asked": S + 1, "connected": S + 2,
         "first": S + 3, "last": S + 4, "outcome": "done"}  # fmt: skip
BUILD = {"kind": "build", "outcome": "done", "started": S, "took": 5}


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def put_user(folder, host, *records):
    lines = [{"kind": "ready", "at": -5}, *records, {"kind": "ended", "at": 4 * S}]
    put(folder / f"shadow.data/hosts/{host}/transfers.jsonl", "".join(json.dumps(one) + "\n" for one in lines))


@pytest.fixture
def folder(tmp_path):
    nodes = zip("ABCD", plan()["relays"], strict=True)
    lines = [f"node_id=${letter * 40} bw=1 nick={relay['name']}" for letter, relay in nodes]
    put(tmp_path / "template/hosts/authority1/bandwidths", "\n".join(["946684800", *lines, ""]))
    for i, relay in enumerate(plan()["relays"]):
        text = "".join(f"{second} {100 * second * i} {200 * second}\n" for second in range(6))
        put(tmp_path / f"shadow.data/hosts/{relay['name']}/bytes.txt", text)
    put_user(tmp_path, "client1perf", BUILD, FETCH)
    put_user(tmp_path, "client2perf")
    return tmp_path


def test_all_of_it(folder):
    made = collect(folder, plan())
    first = [S, S + 1, S + 1, S + 2, S + 3, S + 4]
    assert made["clients"][0]["transfers"] == [["done", 0, 2, 1, 1, 0, 0, 0, 51200, 1, *first]]
    assert made["clients"][0]["builds"] == [["done", S, 5]]
    assert made["clients"][1] == {"builds": [], "transfers": []}
    assert made["relays"][2] == [[200, 200]] * 4


def test_a_transfer_that_failed_has_no_end_and_perhaps_no_path(folder):
    put_user(folder, "client1perf", FETCH | {"outcome": "timeout", "path": []})
    (got,) = collect(folder, plan())["clients"][0]["transfers"]
    assert got[:4] == ["timeout", -1, -1, -1] and got[-1] == -1


def test_bytes_of_seconds_that_were_told_together_are_spread_over_them(folder):
    put(folder / "shadow.data/hosts/relay1guard/bytes.txt", "0 0 0\n1 10 20\n3 21 60\n")
    assert collect(folder, plan())["relays"][0] == [[10, 20], [5, 20], [6, 20], [0, 0]]


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([{"kind": "wrong", "at": 1, "after": 700}], "wrong bytes came after 700"),
        ([{"kind": "failed", "why": "tor is not ready"}], "tor is not ready"),
        ([{"kind": "ready", "at": 0}], "did not come to its end"),
    ],
)
def test_a_user_that_failed_fails_the_run(folder, records, words):
    put_user(folder, "client1perf", *records)
    with pytest.raises(ShadowError, match=words):
        collect(folder, plan())


def test_relays_and_users_that_did_not_run_are_named(folder):
    path = folder / "shadow.data/hosts/relay1guard/bytes.txt"
    put(path, "1 2 3\n2 2 3\n")
    with pytest.raises(ShadowError, match=r"relay1guard/bytes\.txt: the relay did not tell its bytes"):
        collect(folder, plan())
    put(path, "0 1 2\ngone tor hung up\n")
    with pytest.raises(ShadowError, match="did not run to the end: gone"):
        collect(folder, plan())
    path.unlink()
    with pytest.raises(ShadowError, match=r"relay1guard/bytes\.txt: No such file"):
        collect(folder, plan())
    put(folder / "shadow.data/hosts/client1perf/transfers.jsonl", "{")
    with pytest.raises(ShadowError, match="not what a user writes"):
        collect(folder, plan())
