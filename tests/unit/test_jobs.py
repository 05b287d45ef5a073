"""Jobs: places, waiting, stopping at every stage, ownership, limits, crashes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event as Flag
from threading import Thread

import pytest

from genui.errors import BadInput, Busy, Cancelled, NotFound
from genui.jobs import KEPT, SORRY, Job, Jobs
from genui.records import (
    Event,
    Failed,
    Finished,
    Loading,
    Progress,
    Queued,
    Request,
    Started,
    Stopped,
)

ME, YOU = "a" * 32, "b" * 32
SOON = 5.0


def ask(model: str = "m", **inputs: str) -> Request:
    return Request(kind="text", model=model, inputs=dict(inputs))


class Work:
    """What a lane does here: load, start, step while the gate is shut, finish."""

    def __init__(self) -> None:
        self.gate = Flag()  # opened: jobs finish
        self.loaded = Flag()  # opened: jobs get past loading
        self.loaded.set()
        self.order: list[str] = []

    def __call__(self, job: Job) -> Iterator[Event]:
        self.order.append(job.id)
        yield Loading("Loading m")
        self.loaded.wait(SOON)
        if job.cancel.is_set():
            raise Cancelled
        yield Started(1)
        while not self.gate.wait(0.005):
            if job.cancel.is_set():
                return
            yield Progress(1, 2, "steps")
        yield Finished({"id": job.id})


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.gate.set()
    work.loaded.set()


@pytest.fixture
def jobs(work: Work) -> Jobs:
    return Jobs(work, queue_max=5, session_jobs=4)


def until(job: Job, kind: type[Event]) -> Event:
    """Wait for an event of this kind."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        if found := [event for event in job.events if isinstance(event, kind)]:
            return found[-1]
        time.sleep(0.005)
    raise AssertionError(f"no {kind.__name__} in {job.events}")


def test_a_job_runs_and_its_log_can_be_read_again_and_again(jobs: Jobs, work: Work) -> None:
    job = jobs.submit(ME, ask(), slots=1)
    until(job, Progress)
    work.gate.set()
    seen = list(job.follow())
    assert isinstance(seen[-1], Finished)
    assert list(job.follow()) == seen  # after the end, from the start
    assert job.wait(after=len(seen) - 1, timeout=0) == seen[-1:]
    assert job.wait(after=len(seen), timeout=SOON) == []  # nothing more comes: no waiting
    assert job.last(0) == seen[-1]


def test_followers_that_come_at_any_time_see_the_same(jobs: Jobs, work: Work) -> None:
    job = jobs.submit(ME, ask(), slots=1)
    logs: list[list[Event]] = [[], [], []]
    threads = [Thread(target=lambda log=log: log.extend(job.follow())) for log in logs]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    work.gate.set()
    for thread in threads:
        thread.join(SOON)
    assert logs[0] == logs[1] == logs[2] == job.events


def test_waiting_jobs_know_their_place_and_their_wait(jobs: Jobs, work: Work) -> None:
    first = jobs.submit(ME, ask(), slots=1)
    until(first, Started)
    second, third = jobs.submit(ME, ask(), slots=1), jobs.submit(YOU, ask(), slots=1)
    assert until(second, Queued) == Queued(1, None)  # nothing has finished: the wait is unknown
    assert until(third, Queued) == Queued(2, None)
    jobs.cancel(ME, first.id)
    until(second, Started)
    assert until(third, Queued).place == 1
    assert until(third, Queued).wait > 0
    work.gate.set()
    third.last(SOON)
    assert work.order == [first.id, second.id, third.id]


def test_as_many_run_at_once_as_the_model_has_slots(jobs: Jobs, work: Work) -> None:
    running = [jobs.submit(who, ask(), slots=2) for who in (ME, YOU)]
    for job in running:
        until(job, Started)
    waiting = jobs.submit(ME, ask(), slots=2)
    assert until(waiting, Queued) == Queued(1, None)
    assert not any(isinstance(event, Queued) for job in running for event in job.events)


def test_models_do_not_wait_for_each_other(jobs: Jobs, work: Work) -> None:
    until(jobs.submit(ME, ask("slow"), slots=1), Started)
    until(jobs.submit(ME, ask("quick"), slots=1), Started)


def test_stop_in_the_queue_is_at_once_and_the_rest_move_up(jobs: Jobs, work: Work) -> None:
    first = jobs.submit(ME, ask(), slots=1)
    until(first, Started)
    second, third = jobs.submit(ME, ask(), slots=1), jobs.submit(ME, ask(), slots=1)
    jobs.cancel(ME, second.id)
    assert isinstance(second.last(0), Stopped)
    assert third.events[-1] == Queued(1, None)
    work.gate.set()
    assert isinstance(third.last(SOON), Finished)
    assert second.id not in work.order


def test_stop_while_loading_is_told_at_once(jobs: Jobs, work: Work) -> None:
    work.loaded.clear()
    job = jobs.submit(ME, ask(), slots=1)
    until(job, Loading)
    jobs.cancel(ME, job.id)
    assert isinstance(job.last(0), Stopped)
    work.loaded.set()
    time.sleep(0.05)
    assert sum(isinstance(event, Stopped) for event in job.events) == 1
    assert not any(isinstance(event, Started) for event in job.events)
    work.gate.set()
    assert isinstance(jobs.submit(ME, ask(), slots=1).last(SOON), Finished)  # the lane lives on


def test_stop_while_running_ends_within_half_a_second(jobs: Jobs, work: Work) -> None:
    job = jobs.submit(ME, ask(), slots=1)
    until(job, Progress)
    jobs.cancel(ME, job.id)
    assert isinstance(job.last(0.5), Stopped)


def test_stop_after_the_end_changes_nothing(jobs: Jobs, work: Work) -> None:
    work.gate.set()
    job = jobs.submit(ME, ask(), slots=1)
    job.last(SOON)
    log = list(job.events)
    jobs.cancel(ME, job.id)
    jobs.cancel(ME, job.id)
    job.tell(Failed("late"))
    assert job.events == log


@pytest.mark.parametrize("job_id", ["", "nothing", "../..", "0" * 32])
def test_unknown_jobs_and_those_of_others_are_not_found(
    jobs: Jobs, work: Work, job_id: str
) -> None:
    theirs = jobs.submit(YOU, ask(), slots=1)
    for wanted in (job_id, theirs.id):
        with pytest.raises(NotFound) as caught:
            jobs.get(ME, wanted)
        assert "not here" in caught.value.message
        with pytest.raises(NotFound):
            jobs.cancel(ME, wanted)
    assert not theirs.cancel.is_set()
    assert jobs.active(ME) == []
    assert jobs.active(YOU) == [theirs]


def test_one_visitor_cannot_take_every_place(jobs: Jobs, work: Work) -> None:
    for _ in range(4):
        jobs.submit(ME, ask(), slots=1)
    with pytest.raises(Busy, match="already have 4"):
        jobs.submit(ME, ask("other"), slots=1)
    jobs.submit(YOU, ask(), slots=1)
    jobs.cancel(ME, jobs.active(ME)[-1].id)
    jobs.submit(ME, ask(), slots=1)  # a place is free again


def test_a_full_queue_says_so(jobs: Jobs, work: Work) -> None:
    until(jobs.submit("first", ask(), slots=1), Started)
    for number in range(5):
        jobs.submit(f"visitor {number}", ask(), slots=1)
    with pytest.raises(Busy, match="try again"):
        jobs.submit(ME, ask(), slots=1)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("/secret/path of 10.0.0.1"), Failed(SORRY)),
        (BadInput("Write less."), Failed("Write less.", "bad_input")),
        (
            MemoryError(),
            Failed("This machine ran out of memory; try a smaller request.", "memory"),
        ),
    ],
)
def test_a_crash_becomes_one_sentence_and_the_lane_goes_on(error: Exception, told: Failed) -> None:
    def run(job: Job) -> Iterator[Event]:
        yield Started(1)
        if job.request.inputs:
            raise error
        yield Finished({})

    jobs = Jobs(run, queue_max=5, session_jobs=4)
    assert jobs.submit(ME, ask(crash="yes"), slots=1).last(SOON) == told
    assert jobs.submit(ME, ask(), slots=1).last(SOON) == Finished({})


def test_only_so_many_finished_jobs_are_remembered(jobs: Jobs, work: Work) -> None:
    work.gate.set()
    for _ in range(KEPT + 10):
        job = jobs.submit(ME, ask(), slots=1)
        job.last(SOON)
    assert len(jobs.jobs) <= KEPT + 1
    assert jobs.get(ME, job.id) is job
