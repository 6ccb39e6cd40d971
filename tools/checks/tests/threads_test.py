"""threads.py knows by the program itself whether a test can start threads."""

import subprocess
from pathlib import Path

import threads

ALONE = "int main(void) { return 0; }"
STARTER = """
#include <pthread.h>
static void *run(void *x) { return x; }
int main(void) { pthread_t thread; return pthread_create(&thread, 0, run, 0); }
"""


def program(folder: Path, name: str, text: str) -> Path:
    subprocess.run(["gcc", "-x", "c", "-", "-o", folder / name], input=text, text=True, check=True)
    return folder / name


def test_the_lists_must_say_who_starts_threads(tmp_path):
    alone, starter = program(tmp_path, "alone", ALONE), program(tmp_path, "starter", STARTER)
    assert threads.check([starter], [alone]) == []
    assert threads.check([alone], [starter]) == [
        "starter can start threads: list it as THREADED",
        "alone starts no threads, but is listed as THREADED",
    ]
