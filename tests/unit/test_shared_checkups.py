"""One examination at a time, however many ask."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from service import doctor
from service.doctor import Doctor
from service.domain.diagnosis import Finding
from service.domain.examination import ok
from tests.support.clock import FakeClock

MONDAY_9AM = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Patient:
    """Lets a test hold up examinations, and counts them."""

    def __init__(self) -> None:
        self.examinations = self.at_once = self.most_at_once = 0
        self.began, self.may_end = asyncio.Event(), asyncio.Event()
        self.doctor = Doctor(FakeClock(MONDAY_9AM), self.examine)

    async def examine(self) -> AsyncIterator[Finding]:
        """Find the number of the examination, once it may end."""
        self.examinations += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield ok("number", f"This is examination {self.examinations}.")
            self.began.set()
            await self.may_end.wait()
        finally:
            self.at_once -= 1


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_asks_during_an_examination_shares_it():
    """Thirty pages that are opened at once cost one; the next one to ask costs one again."""
    patient = Patient()
    async with asyncio.TaskGroup() as tasks:
        asking = [tasks.create_task(patient.doctor.checkup()) for _ in range(30)]
        await settle()
        patient.may_end.set()
    assert {each.result().findings[0].sentence for each in asking} == {"This is examination 1."}
    assert (patient.examinations, patient.most_at_once) == (1, 1)
    assert (await patient.doctor.checkup()).findings[0].sentence == "This is examination 2."
    assert (await patient.doctor.checkup()).checked_at == MONDAY_9AM


async def test_when_the_first_to_ask_goes_away_the_others_get_their_answer():
    """One of them examines in its place."""
    patient = Patient()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(patient.doctor.checkup())
        await patient.began.wait()
        others = [tasks.create_task(patient.doctor.checkup()) for _ in range(3)]
        await settle()
        first.cancel()
        await settle()
        patient.may_end.set()
    assert {each.result().findings[0].sentence for each in others} == {"This is examination 2."}
    assert (patient.examinations, patient.most_at_once) == (2, 1)


async def test_an_examination_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch):
    """What was found until then is shown, and that there was more to look at."""
    monkeypatch.setattr(doctor, "LONGEST_SECONDS", 0.01)
    patient = Patient()
    found = await patient.doctor.checkup()
    assert [each.code for each in found.findings] == ["number", "database"]
    assert "given up" in found.findings[-1].sentence
    assert patient.at_once == 0
