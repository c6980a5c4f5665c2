"""Act on the answers to many queries at once: confirm, keep and save them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.types import EnrolmentReport, VectorRecord
from gallery_app.face_queries import QueryList
from gallery_app.operations import unknowns
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query
from gallery_app.reports.answer_files import Answered, AnswerFormat, write_answers
from gallery_app.wording.answer_words import confirmed_text, kept_text, saved_text
from gallery_app.wording.number_words import faces_text

_KEY = "confirm answers"
_Confirmed = tuple[EnrolmentReport, list[VectorRecord]]


def confirm_answers(context: Context, positions: Sequence[int]) -> None:
    """Enrol known queries under the names that were given to them, as one change."""
    queries = context.state.queries
    if not positions or queries.table is None or context.tasks.is_running(_KEY):
        return
    table, batch = queries.table, queries.batch(positions)
    names = [table.names[person] for person in table.people[list(positions)].tolist()]

    def work(gallery: Gallery, reporter: Reporter) -> _Confirmed:
        elsewhere = {row: name for row, name in enumerate(names) if name != names[0]}
        report = gallery.enroll(names[0], batch, elsewhere=elsewhere, reporter=reporter)
        return report, gallery.faces.records(batch.vectors[:])

    def done(confirmed: _Confirmed) -> None:
        report, records = confirmed
        mark_enrolled(context, queries, positions, report.face_ids, records)
        people = len(set(names))
        context.state.notice.emit(confirmed_text(report.faces_added, people, report.duplicates))

    Change(f"Enrolling {faces_text(len(positions))}", work, _KEY).run(context, done)


def mark_enrolled(
    context: Context,
    queries: QueryList,
    positions: Sequence[int],
    made: Sequence[int],
    records: Sequence[VectorRecord] = (),
) -> None:
    """Queries are enrolled now, by faces that were made for them; nothing where others are asked
    about by then.

    Args:
        records: what the gallery holds about each of them, where that is known already.
    """
    state = context.state
    if not state.queries.same_as(queries):
        return
    faces = tuple(made)
    for number, at in enumerate(positions):
        record = {"record": records[number]} if records else {}
        state.queries.change({at: {"made": faces, **record}})
    state.queries_changed.emit()
    state.query_changed.emit()


def keep_queries(context: Context, positions: Sequence[int], done: Callable[[], None]) -> None:
    """Keep queries as unknown faces, whatever was answered."""

    def kept(count: int) -> None:
        context.state.notice.emit(kept_text(count, len(positions)))
        done()

    unknowns.keep(context, context.state.queries.batch(positions), kept)


def save_answers(
    context: Context, positions: Sequence[int], path: Path, form: AnswerFormat
) -> None:
    """Write answers to a file, in the order of ``positions``."""
    queries = context.state.queries

    def answered(reporter: Reporter, at: int) -> Answered:
        if at % 100 == 0:
            reporter.progress("Writing answers", at, len(positions))
        query, answer = queries.asked[positions[at]], queries.answer(positions[at])
        return query.file, query.row, answer, query.photo

    def work(_: Gallery, reporter: Reporter) -> None:
        rows = (answered(reporter, at) for at in range(len(positions)))
        write_answers(path, form, rows, queries.errors)

    Query(f"Writing {path.name}", work, lane="keeping", shown=True).run(
        context, lambda _: context.state.notice.emit(saved_text(len(positions), path.name))
    )
