"""Jobs outlive the browser: submit, follow, cancel, reattach.

A lane serves one model with as many worker threads as the model has slots. A job keeps its
event log; whoever holds its session may read it again from any point. Knows nothing of models,
of the store or of the page: `run` is handed in.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from threading import Condition, Thread
from threading import Event as Flag

from genui.errors import Busy, Cancelled, GenuiError, NotFound
from genui.records import Event, Failed, Finished, Queued, Request, Started, Stopped

log = logging.getLogger(__name__)

KEPT = 64  # finished jobs whose event logs stay in memory for a reload
LAST = (Finished, Stopped, Failed)
SORRY = "Something went wrong on this machine. Try again; the operator's log has the details."


class Job:
    """One request on its way. `changed` guards and announces the event log."""

    def __init__(self, session: str, request: Request) -> None:
        self.id = secrets.token_hex(16)
        self.session = session
        self.request = request
        self.submitted = time.monotonic()
        self.started: float | None = None
        self.cancel = Flag()
        self.events: list[Event] = []
        self.changed = Condition()

    @property
    def done(self) -> bool:
        """True once the last event is in the log."""
        return bool(self.events) and isinstance(self.events[-1], LAST)

    def tell(self, event: Event) -> None:
        """Append an event and wake the followers; after the last event nothing is added."""
        with self.changed:
            if not self.done:
                self.events.append(event)
                self.changed.notify_all()

    def wait(self, after: int = 0, timeout: float | None = None) -> list[Event]:
        """The events from index `after` on; waits up to `timeout` seconds for one more."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.events) > after or self.done, timeout)
            return self.events[after:]

    def last(self, timeout: float | None = None) -> Event | None:
        """The last event; waits up to `timeout` seconds for it, None when it did not come."""
        with self.changed:
            return self.events[-1] if self.changed.wait_for(lambda: self.done, timeout) else None

    def follow(self) -> Iterator[Event]:
        """All events from the first to the last, waiting for each."""
        seen = 0
        while True:
            for event in self.wait(seen):
                seen += 1
                yield event
                if isinstance(event, LAST):
                    return


class Lane:
    """The queue in front of one model."""

    def __init__(self, slots: int, run: Callable[[Job], Iterator[Event]]) -> None:
        self.slots = slots
        self.run = run
        self.waiting: deque[Job] = deque()
        self.running: list[Job] = []
        self.seconds = 0.0  # running mean of how long a job takes
        self.changed = Condition()
        for number in range(slots):
            Thread(target=self._work, name=f"lane-{number}", daemon=True).start()

    def put(self, job: Job) -> None:
        """Add a job at the end of the queue."""
        with self.changed:
            self.waiting.append(job)
            self._tell_places()
            self.changed.notify()

    def drop(self, job: Job) -> None:
        """Take a job out of the queue if it still waits."""
        with self.changed:
            if job in self.waiting:
                self.waiting.remove(job)
                job.tell(Stopped())
                self._tell_places()

    def _tell_places(self) -> None:
        free = self.slots - len(self.running)
        for place, job in enumerate(self.waiting, start=1):
            behind = place - free
            if behind > 0:
                wait = self.seconds * (1 + (behind - 1) // self.slots) if self.seconds else None
                job.tell(Queued(behind, wait))

    def _work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.waiting)
                job = self.waiting.popleft()
                self.running.append(job)
                self._tell_places()
            job.started = time.monotonic()
            try:
                for event in self.run(job):
                    job.tell(event)
            except Cancelled:
                job.tell(Stopped())
            except GenuiError as error:
                job.tell(Failed(error.message, error.code))
            except MemoryError:
                job.tell(Failed("This machine ran out of memory; try a smaller request.", "memory"))
            except Exception:
                log.exception("job %s failed", job.id)
                job.tell(Failed(SORRY))
            finally:
                job.tell(Stopped())  # ignored when the run told its own end
                taken = time.monotonic() - job.started
                with self.changed:
                    self.running.remove(job)
                    self.seconds = 0.7 * self.seconds + 0.3 * taken if self.seconds else taken
                    self._tell_places()


class Jobs:
    """All jobs of this process, by id and by session."""

    def __init__(
        self, run: Callable[[Job], Iterator[Event]], queue_max: int, session_jobs: int
    ) -> None:
        self.run = run
        self.queue_max = queue_max
        self.session_jobs = session_jobs
        self.lanes: dict[str, Lane] = {}
        self.jobs: OrderedDict[str, Job] = OrderedDict()
        self.changed = Condition()

    def submit(self, session: str, request: Request, slots: int) -> Job:
        """Queue a request; raises `Busy` when the queue or the visitor's share is full."""
        with self.changed:
            if len(self.active(session)) >= self.session_jobs:
                raise Busy(
                    f"You already have {self.session_jobs} jobs running; "
                    "wait for one to finish or stop it."
                )
            lane = self.lanes.get(request.model)
            if lane is None:
                lane = self.lanes[request.model] = Lane(slots, self.run)
            if len(lane.waiting) >= self.queue_max:
                raise Busy("Many people are using this model right now; try again in a minute.")
            job = Job(session, request)
            self.jobs[job.id] = job
            self._forget()
        lane.put(job)
        return job

    def get(self, session: str, job_id: str) -> Job:
        """The session's own job; raises `NotFound` for any other id, whoever's it is."""
        job = self.jobs.get(job_id)
        if job is None or not secrets.compare_digest(job.session, session):
            raise NotFound("That job is not here any more; start it again.")
        return job

    def active(self, session: str) -> list[Job]:
        """The session's unfinished jobs, oldest first."""
        with self.changed:
            return [job for job in self.jobs.values() if job.session == session and not job.done]

    def cancel(self, session: str, job_id: str) -> None:
        """Stop a job: at once when it waits, at its next token or step when it runs."""
        job = self.get(session, job_id)
        job.cancel.set()
        self.lanes[job.request.model].drop(job)
        if not any(isinstance(event, Started) for event in job.events):
            # fetching and loading may go on for a while; the visitor need not wait for that
            job.tell(Stopped())

    def _forget(self) -> None:
        finished = [job_id for job_id, job in self.jobs.items() if job.done]
        for job_id in finished[: max(0, len(finished) - KEPT)]:
            del self.jobs[job_id]
