"""directory_load - clients of directory caches, as a program: the same questions to several relays at the same time.

    tools/lib/python -m loom_testbed.directory_load PLAN.json DONE.json

The plan says whom to ask, where the authority's DirPort is, how long and how much. Work goes in rounds: in each one
every relay is asked for the same, and the next begins when all are done, a second later at the earliest; so a slow
machine makes fewer rounds, and never different ones for different relays. What was done is written to DONE.json every
few seconds and at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import ssl
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

from .directory_link import DirectoryCircuit, DirectoryError, DirectoryLink, Target, tls_context
from .directory_questions import CYCLE, PATHS, History, Question, count_documents, make_question

CIRCUITS_A_ROUND = 4
CIRCUIT_ROUNDS = 60  # a circuit stays open for so many
LINK_ROUNDS = 3  # every so many rounds a client comes by a link of its own
SLOW_ROUNDS = 4  # every so many a client asks for a whole consensus, and is slow to read it
SLOW_STEPS, SLOW_SECONDS = 4, 15.0  # it reads a window so often, so far apart, and then goes away
DONE_EVERY_SECONDS = 5.0


@dataclass
class Done:
    """What one relay has done."""

    answers: Counter[str] = field(default_factory=Counter)  # "kind status" -> how many
    documents: Counter[str] = field(default_factory=Counter)  # kind -> how many came
    body_bytes: int = 0
    circuits: int = 0
    links: int = 0
    slow: int = 0
    failures: Counter[str] = field(default_factory=Counter)


class Customer:
    """The clients of one relay."""

    def __init__(self, name: str, target: Target, context: ssl.SSLContext) -> None:
        self.name, self.done = name, Done()
        self._target, self._context = target, context
        self._open: deque[tuple[int, DirectoryCircuit]] = deque()
        self._link: DirectoryLink | None = None
        self._slow: set[asyncio.Task[None]] = set()

    async def round(self, number: int, question: Question) -> None:
        """Do one round's work; what fails is counted, and the next round goes on."""
        try:
            if self._link is None or self._link.is_over:
                await self._hang_up()
                self._link = await self._new_link()
            await self._churn(self._link, number, question)
            if number % LINK_ROUNDS == 0:
                await self._visit(question)
            if number % SLOW_ROUNDS == 0:
                self._begin_slow(self._link)
        except (DirectoryError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self._note(error)

    async def end(self) -> None:
        """Let slow readers go, and hang up."""
        for task in self._slow:
            task.cancel()
        await asyncio.gather(*self._slow, return_exceptions=True)
        await self._hang_up()

    async def _hang_up(self) -> None:
        link, self._link = self._link, None
        self._open.clear()
        if link is not None:
            await link.close()

    def _note(self, error: BaseException) -> None:
        self.done.failures[f"{type(error).__name__}: {error}"[:120]] += 1

    async def _new_link(self) -> DirectoryLink:
        link = DirectoryLink(self._target)
        await link.open(self._context)
        self.done.links += 1
        return link

    async def _churn(self, link: DirectoryLink, number: int, question: Question) -> None:
        for index in range(CIRCUITS_A_ROUND):
            circuit = await link.circuit()
            self.done.circuits += 1
            self._open.append((number, circuit))
            if index == 0:
                await self._ask(circuit, question)
        while self._open and self._open[0][0] <= number - CIRCUIT_ROUNDS:
            self._open.popleft()[1].close()

    async def _visit(self, question: Question) -> None:
        link = await self._new_link()
        try:
            circuit = await link.circuit()
            self.done.circuits += 1
            await self._ask(circuit, question)
        finally:
            await link.close()

    async def _ask(self, circuit: DirectoryCircuit, question: Question) -> None:
        answer = await circuit.get(question.path, *question.headers)
        self.done.answers[f"{question.kind} {answer.status}"] += 1
        self.done.body_bytes += len(answer.body)
        if answer.status == 200:
            self.done.documents[question.kind] += count_documents(question, answer.encoding, answer.body)

    def _begin_slow(self, link: DirectoryLink) -> None:
        task = asyncio.create_task(self._read_slowly(link))
        self._slow.add(task)
        task.add_done_callback(self._slow.discard)

    async def _read_slowly(self, link: DirectoryLink) -> None:
        try:
            circuit = await link.circuit()
            circuit.may_read.clear()
            asking = asyncio.create_task(circuit.get(PATHS["ns"], "Accept-Encoding: identity"))
            for _ in range(SLOW_STEPS):
                await asyncio.sleep(SLOW_SECONDS)
                circuit.may_read.set()
                await asyncio.sleep(0)
                circuit.may_read.clear()
            asking.cancel()
            circuit.close()
            self.done.slow += 1
        except (DirectoryError, OSError, TimeoutError) as error:
            self._note(error)


def target_of(one: dict) -> Target:
    """Read a relay of the plan."""
    return Target(one["port"], bytes.fromhex(one["rsa_id"]), bytes.fromhex(one["onion_key"]))


async def run(plan: dict, path: Path) -> None:
    """Make rounds for as long as the plan says."""
    context, rng, history = tls_context(), random.Random(1), History(plan["dir_port"])
    customers = [Customer(one["name"], target_of(one), context) for one in plan["relays"]]
    begun = written = refreshed = time.monotonic()
    await asyncio.to_thread(history.refresh)
    number = 0
    while time.monotonic() < begun + plan["seconds"]:
        at = time.monotonic()
        if at > refreshed + plan["interval_s"] / 2:
            refreshed = at
            await asyncio.to_thread(history.refresh)
        kind, encodings = CYCLE[number % len(CYCLE)]
        question = make_question(kind, encodings, history, rng)
        await asyncio.gather(*(customer.round(number, question) for customer in customers))
        number += 1
        if time.monotonic() > written + DONE_EVERY_SECONDS:
            written = time.monotonic()
            write_done(path, number, customers)
        await asyncio.sleep(max(0.0, at + plan["round_s"] - time.monotonic()))
    for customer in customers:
        with contextlib.suppress(OSError):
            await customer.end()
    write_done(path, number, customers)


def write_done(path: Path, rounds: int, customers: list[Customer]) -> None:
    """Write what was done so far."""
    done = {customer.name: vars(customer.done) for customer in customers}
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"rounds": rounds, "relays": done}))
    temporary.replace(path)


if __name__ == "__main__":
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])))
