"""What would become of every face of an import or an enrolment, before anything is changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.enrolment.advisor import EnrolmentAdvisor
from engine.formats.lazy_rows import chosen_rows
from engine.formats.sources import SourcesRead
from engine.progress import Reporter
from engine.records.advice import by_row
from engine.records.plans import ImportPlan, PlannedFace, held_words
from engine.records.types import FaceBatch, Rejection
from engine.store import Store
from engine.utils.packed_columns import chosen

_TWICE = "The very same face comes before it"


def plan_reading(
    reading: SourcesRead,
    store: Store,
    coach: EnrolmentAdvisor,
    *,
    started: float,
    reporter: Reporter,
) -> ImportPlan:
    """The plan for what was read; photographs are read only when it is done.

    Args:
        started: when the reading began, by ``time.monotonic``.

    Raises:
        CancelledError: through the reporter.
    """
    batch = reading.batch
    held = coach.holders(batch.vectors, reporter)
    advice = by_row(coach.advise(batch, held, reporter))
    foreseen = store.faces.add(batch, dry_run=True)
    kept = frozenset(foreseen.rows.tolist())
    known = frozenset(identity.name for identity in store.people.all())
    faces = []
    for row, (name, file) in enumerate(zip(batch.names, batch.files, strict=True)):
        assert name is not None
        entering = "added" if name in known else "new"
        reason = held_words(name) if name in held[row] else _TWICE
        faces.append(
            PlannedFace(
                file=file,
                row=batch.rows[row],
                name=name,
                outcome=entering if row in kept else "duplicate",  # type: ignore[arg-type]
                reason="" if row in kept else reason,
                advice=advice.get(row, ()),
            )
        )
    return ImportPlan(
        batch=batch,
        first=tuple(faces),
        faces=tuple(faces),
        rejected=tuple(_rejected(one) for one in reading.rejected),
        notices=reading.notices,
        known=known,
        holders=held,
        seconds=time.monotonic() - started,
        columns=reading.columns,
        column=reading.column,
    )


def chosen_faces(plan: ImportPlan) -> FaceBatch:
    """The faces of a plan that come in, each under the name that it is to get."""
    rows = plan.rows()
    return replace(rows_of(plan.batch, rows), names=[plan.faces[row].name for row in rows])


def rows_of(batch: FaceBatch, rows: Sequence[int]) -> FaceBatch:
    """Some rows of a batch; vectors that are in a file stay there."""
    kept = np.array(rows, dtype=np.int64)
    return FaceBatch(
        chosen_rows(batch.vectors, kept),
        chosen(batch.names, kept),
        chosen(batch.files, kept),
        chosen(batch.rows, kept),
        chosen(batch.photos, kept),
    )


def _rejected(one: Rejection) -> PlannedFace:
    return PlannedFace(one.file, 0, None, "rejected", one.reason)
