"""The life of stored messages against a model: hypothesis tries orders that nobody thought of."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck
from hypothesis import settings as effort
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailfilter.errors import Permanent, Temporary
from mailfilter.model import Action, State
from mailfilter.record.archive.states import ENDED, NEXT, WAITING
from mailfilter.record.contract import Filter, ReadOn, StagedItem
from mailfilter.record.intake.staging import LEASE
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import ensure_keys, load_private
from tests.record.making import CHEAP, DAY, NOW, Mails, count, dossier, line, settings, swept

HELD = StagedItem(Action.QUARANTINE, recipients=(0,))
READ = StagedItem(Action.QUARANTINE, recipients=(0,), reading=True)
SAFE = StagedItem(Action.REDIRECT, "s", (1,))
JOIN_KEYS = st.sampled_from([b"a", b"b", b"c"])


@dataclass
class Model:
    """What we believe of one message."""

    join_key: bytes
    lease: object
    reading: bool = False
    committed: bool = False
    relayed: bool = False
    states: dict[str, State] = field(default_factory=dict)
    seen: dict[str, datetime] = field(default_factory=dict)  # items, by the first sweep
    told: set[str] = field(default_factory=set)  # that they end
    expired: dict[str, datetime] = field(default_factory=dict)  # until they are destroyed

    @property
    def alive(self) -> bool:
        """Whether its content is still there."""
        return bool(self.expired) or not set(self.states.values()) <= ENDED


class Lives(RuleBasedStateMachine):
    """Stages, commits, acts and sweeps in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="mailfilter-lives-"))
        self.runner = asyncio.Runner()
        ensure_keys(self.folder)
        made = settings(f"sqlite:///{self.folder}/db", self.folder)
        keys = load_private(self.folder)
        self.store = self.runner.run(open_store(made, keys, CHEAP))
        self.mails = Mails()
        self.now = NOW
        self.known: dict[str, Model] = {}
        self.audited = 0

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(join_key=JOIN_KEYS, both=st.booleans(), first=st.sampled_from([HELD, READ]))
    def stage(self, join_key: bytes, both: bool, first: StagedItem) -> None:
        groups = (first, SAFE) if both else (first,)
        staged = self.mails(join_key=join_key, at=self.now, items=groups, notice=False)
        met = next((i for i, m in self.known.items() if m.join_key == join_key), None)
        try:
            joined = self.runner.run(self.store.intake.stage(staged))
        except Temporary:
            assert met is not None
            assert not self.known[met].committed
            assert self.known[met].lease > self.now  # type: ignore[operator]
            return
        if joined.id == staged.id:
            if met is not None:
                assert not self.known[met].committed
                assert not self.known[met].relayed
                del self.known[met]
            ids = {f"{staged.id}.{n}": State.STAGED for n in range(1, len(groups) + 1)}
            self.known[staged.id] = Model(join_key, self.now + LEASE, first.reading, states=ids)
            return
        model = self.known[joined.id]
        assert joined.id == met
        assert (joined.committed, joined.relayed) == (
            model.committed,
            not model.committed and model.relayed,
        )
        if not joined.committed:
            model.lease = self.now + LEASE

    @precondition(lambda self: self.known)
    @rule(data=st.data(), verb=st.sampled_from(["commit", "relayed", "abort"]))
    def go_on(self, data: st.DataObject, verb: str) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.known)))
        model = self.known[id_]
        intake = self.store.intake
        if verb == "relayed":
            self.runner.run(intake.mark_relayed(id_))
            model.relayed = True
        elif verb == "abort":
            self.runner.run(intake.abort(id_))
            if not model.committed and not model.relayed:
                del self.known[id_]
            model.lease = NOW
        else:
            self.runner.run(intake.commit(id_, [count()]))
            if not model.committed:
                opened = (State.READING if model.reading else State.HELD, State.ACCEPTED)
                model.states = dict(zip(model.states, opened, strict=False))
            model.committed = True

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        items = sorted(i for model in self.known.values() for i in model.states)
        id_ = data.draw(st.sampled_from(items))
        before = data.draw(st.sampled_from([s for s in NEXT if s is not State.STAGED and NEXT[s]]))
        after = data.draw(st.sampled_from(sorted(NEXT[before])))
        states = self.known[id_.partition(".")[0]].states
        moved = self.runner.run(
            self.store.archive.act(id_, [before], after, line(object_=id_, at=self.now))
        )
        assert moved == (states[id_] is before)
        if moved:
            states[id_] = after
            self.audited += 1

    @precondition(lambda self: self.known)
    @rule(data=st.data(), action=st.sampled_from([Action.RELAY, Action.QUARANTINE]))
    def settle(self, data: st.DataObject, action: Action) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.known)))
        item, group = f"{id_}.1", StagedItem(action, recipients=(0,))
        ended = ReadOn(item, self.now, "read-on", (group,), dossier(), counts=(count(),))
        states = self.known[id_].states
        done = self.runner.run(self.store.archive.settle(ended))
        assert done is (states[item] is State.READING)
        if done:
            states[item] = State.RELEASING if action is Action.RELAY else State.HELD
            self.audited += 1

    @rule(hours=st.sampled_from([0, 1, 24, 24 * 5, 24 * 9]))
    def wait_and_sweep(self, hours: int) -> None:
        for model in self.known.values():
            self._see(model)
            self._expire(model)  # those that came back after their sender was told
        self.now += timedelta(hours=hours)
        done = self.runner.run(swept(self.store.archive, self.now))
        begun = stale = 0
        for id_, model in list(self.known.items()):
            at = self._staged_at(id_)
            if at is None:
                assert not model.committed
                del self.known[id_]
                stale += 1
                continue
            over = {item for item, seen in model.seen.items() if seen + 14 * DAY <= self.now}
            over = {i for i in over - model.told if model.states[i] in WAITING}
            model.told |= over
            begun += len(over)
            if model.committed and at + timedelta(days=6) <= self.now:
                model.join_key = b"forgotten"
        assert (done["ending"], done["expired"], done["stale"]) == (begun, 0, stale)
        for model in self.known.values():
            self._destroy(model)
        self._accept()

    def _accept(self) -> None:
        """The next hop takes the notices, and a sweep ends what they tell of."""
        for parcel in self.runner.run(self.store.archive.due(self.now, 1000)):
            if parcel.kind == "not-sent":
                self.runner.run(self.store.archive.done(parcel.id))
        done = self.runner.run(self.store.archive.sweep(self.now))
        assert done["expired"] == sum(self._expire(model) for model in self.known.values())

    def _see(self, model: Model) -> None:
        if model.committed:
            for item, state in model.states.items():
                if state not in ENDED:
                    model.seen.setdefault(item, self.now)

    def _expire(self, model: Model) -> int:
        ending = [item for item in model.told if model.states[item] in WAITING]
        for item in ending:
            model.states[item], model.expired[item] = State.EXPIRED, self.now
        self.audited += len(ending)
        return len(ending)

    def _destroy(self, model: Model) -> None:
        model.expired = {i: at for i, at in model.expired.items() if at + DAY > self.now}

    def _staged_at(self, id_: str):  # type: ignore[no-untyped-def]
        from sqlalchemy import select

        from mailfilter.record.database.tables import message

        query = select(message.c.at).where(message.c.id == id_)

        async def work(connection):  # type: ignore[no-untyped-def]
            return (await connection.execute(query)).scalar_one_or_none()

        return self.runner.run(self.store.database.run(work))

    @invariant()
    def states_are_as_believed(self) -> None:
        listed = self.runner.run(self.store.archive.items(Filter(limit=1000)))
        believed = {i: s for m in self.known.values() for i, s in m.states.items() if m.committed}
        assert {item.id: item.state for item in listed} == believed
        for item in listed:
            alive = self.known[item.message].alive
            assert (item.dossier == dossier()) is alive
            assert (item.dossier is None) is not alive

    @invariant()
    def bodies_live_as_long_as_items(self) -> None:
        for id_, model in self.known.items():
            try:
                self.runner.run(self.store.archive.body(id_))
                alive = True
            except Permanent:
                alive = False
            assert alive is model.alive

    @invariant()
    def each_is_counted_once_when_it_is_known(self) -> None:
        day = NOW.date()
        counted = self.runner.run(self.store.archive.counts(day, day))
        models = (model for model in self.known.values() if model.committed)
        known = [model for model in models if State.READING not in model.states.values()]
        assert sum(one.n for one in counted) == len(known)

    @invariant()
    def the_chain_is_whole(self) -> None:
        assert self.runner.run(self.store.archive.verify_audit()) == (self.audited, "")


TestLives = Lives.TestCase
TestLives.settings = effort(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
