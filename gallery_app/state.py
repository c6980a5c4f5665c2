"""What the window knows: the open gallery, the chosen identity, the queries. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.gallery import Gallery
from engine.records.changes import Changed
from engine.records.types import (
    Candidate,
    Identification,
    Method,
    Strangers,
    VectorRecord,
    Vectors,
)


@dataclass(frozen=True)
class Methods:
    """What can tell people apart in the open gallery.

    Attributes:
        available: k-NN, and the kinds of models that are in use.
        auto: those that ``auto`` stands for.
        reason: why, one sentence.
    """

    available: tuple[str, ...] = ("knn",)
    auto: tuple[str, ...] = ("knn",)
    reason: str = ""


@dataclass(frozen=True)
class ContentsChange:
    """What of the open gallery is different, so that a panel can tell whether it shows any of it.

    Attributes:
        faces: faces came, went, or belong to somebody else.
        identities: people came, went, or have another name.
        details: notes or portraits.
        decisions: what a person said of faces and queries, such as that a name is right.
        unknowns: the unknown faces that are kept.
        models: the trained models that are in use.
        cohorts: the strangers that thresholds rest on.
    """

    faces: bool = False
    identities: bool = False
    details: bool = False
    decisions: bool = False
    unknowns: bool = False
    models: bool = False
    cohorts: bool = False

    @classmethod
    def of(cls, changed: Changed) -> ContentsChange:
        """What a change of the engine can have touched."""
        return _TOUCHED.get(changed.action, DATA)

    @property
    def recognition(self) -> bool:
        """Whether a query may have another answer."""
        return self.faces or self.identities or self.decisions or self.models or self.cohorts


DATA = ContentsChange(faces=True, identities=True, details=True, decisions=True, unknowns=True)
EVERYTHING = replace(DATA, models=True)
COHORTS = ContentsChange(cohorts=True)
_TOUCHED = {
    "rename": ContentsChange(identities=True),
    "dismiss": ContentsChange(unknowns=True),
    **dict.fromkeys(  # they set the threshold of the answers
        ("keep-strangers", "forget-strangers"), ContentsChange(decisions=True, unknowns=True)
    ),
    **dict.fromkeys(("note", "portrait"), ContentsChange(details=True)),
    **dict.fromkeys(
        ("confirm", "unconfirm", "ignore", "unignore", "apart", "unapart", "reject", "unreject"),
        ContentsChange(decisions=True),
    ),
}


@dataclass(frozen=True)
class FaceQuery:
    """One embedding to identify: a row of a file, or an enrolled face with itself left out.

    Attributes:
        vector: ``(d,)``.
        label: what the person reads, such as ``query_0007.npy`` or ``table.npz row 12``.
        row: row in that file, from 0.
        photo: the photograph beside it.
        face: id of the enrolled face it is, None for a real query.
        enrolled_as: name of the identity of that face.
        record: what the gallery holds about this very vector.
        answer: None until it is identified.
        chosen: id of the candidate that a person chose; None for the first.
        made: ids of the faces that were enrolled with it from here; undo may have taken them back.
    """

    vector: Vectors
    label: str
    file: str
    row: int = 0
    photo: Path | None = None
    face: int | None = None
    enrolled_as: str = ""
    answer: Identification | None = None
    chosen: int | None = None
    record: VectorRecord = field(default_factory=VectorRecord)
    made: tuple[int, ...] = ()

    @property
    def added_faces(self) -> tuple[int, ...]:
        """Faces that were enrolled with it from here and still are, to take them back."""
        return tuple(face for face, _ in self.record.faces if face in self.made)

    @property
    def added_to(self) -> str:
        """Whose face it is by now, though it came as a query; "" for nobody's."""
        if self.face is not None:
            return ""
        names = dict(self.record.faces)
        return next((names[face] for face in (*self.added_faces, *names)), "")

    @property
    def rejected(self) -> tuple[tuple[int, str], ...]:
        """Id and name of the identities that it was said not to be, in that order."""
        return self.record.rejected

    @property
    def candidate(self) -> Candidate | None:
        """Whom pictures, evidence and buttons are about: the chosen candidate, else the first."""
        offered = self.answer.candidates if self.answer is not None else ()
        chosen = (candidate for candidate in offered if candidate.identity_id == self.chosen)
        return next(chosen, offered[0] if offered else None)

    @property
    def is_open_question(self) -> bool:
        """Answered, and the face is not in the gallery yet."""
        return self.answer is not None and self.face is None and not self.added_to

    @property
    def is_rejectable(self) -> bool:
        """Somebody is offered for it whom it may not be."""
        return self.candidate is not None and not self.added_to


class AppState(QObject):
    """The one place that holds what is open and chosen.

    Signals:
        gallery_changed: another gallery, or none, is open.
        writable_changed: the open gallery can be written now.
        damage_found: folder of a gallery that cannot be opened, and the error.
        passphrase_requested: folder of a gallery that only a passphrase opens, and what it said.
        contents_changed: the gallery differs from before, with the ContentsChange that says in
            what. What is shown of that is read again.
        identity_chosen: id of the identity to show, or -1.
        queries_changed: the list of queries is another.
        query_changed: another query is shown, or it was answered.
        strictness_changed: the FPIR asked for, or whom it is a share of.
        method_changed: the method that is asked, or what can be asked.
        notice: one sentence worth telling.
        corrected: what a correction did, in few words.
    """

    gallery_changed = Signal()
    writable_changed = Signal()
    damage_found = Signal(object, object)
    passphrase_requested = Signal(object, object)
    contents_changed = Signal(object)
    identity_chosen = Signal(int)
    queries_changed = Signal()
    query_changed = Signal()
    strictness_changed = Signal()
    method_changed = Signal()
    notice = Signal(str)
    corrected = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gallery: Gallery | None = None
        self.identity: int = -1
        self.queries: list[FaceQuery] = []
        self.position = -1
        self.fpir = 0.01
        self.strangers: Strangers = "at-large"
        self.method: Method = "auto"
        self.methods = Methods()

    @property
    def writable(self) -> bool:
        """Whether a gallery is open that can be changed."""
        return self.gallery is not None and self.gallery.writable

    def set_gallery(self, gallery: Gallery | None) -> None:
        """Take over an open gallery; the one before is the caller's to close."""
        self.gallery = gallery
        self.queries, self.position = [], -1
        self.method, self.methods = "auto", Methods()
        self.gallery_changed.emit()
        self.queries_changed.emit()
        self.query_changed.emit()
        self.choose_identity(-1)

    def choose_identity(self, identity: int) -> None:
        self.identity = identity
        self.identity_chosen.emit(identity)

    @property
    def query(self) -> FaceQuery | None:
        """The query being shown."""
        return self.queries[self.position] if 0 <= self.position < len(self.queries) else None

    def set_queries(self, queries: list[FaceQuery]) -> None:
        self.queries = queries
        self.position = 0 if queries else -1
        self.queries_changed.emit()
        self.query_changed.emit()

    def step(self, by: int) -> None:
        """To the next or the previous query; stops at the ends."""
        self.go_to(self.position + by)

    def go_to(self, position: int) -> None:
        if self.queries:
            self.position = max(0, min(len(self.queries) - 1, position))
            self.query_changed.emit()

    def update_query(self, query: FaceQuery, **changes: object) -> None:
        """Replace fields of one query; nothing where it is no longer in the list."""
        for position, listed in enumerate(self.queries):
            if listed.vector is query.vector:
                self.queries[position] = replace(listed, **changes)  # type: ignore[arg-type]
                self.queries_changed.emit()
                if position == self.position:
                    self.query_changed.emit()
                return

    def choose_candidate(self, identity: int) -> None:
        """Of the shown query: its pictures, evidence and buttons are about this one."""
        if self.query is not None and identity != self.query.chosen:
            self.queries[self.position] = replace(self.query, chosen=identity)
            self.query_changed.emit()

    def set_answers(self, answered: list[FaceQuery]) -> None:
        """Take over what the gallery says now of all queries, in their order; what a person
        chose and made meanwhile stays.
        """
        pairs = zip(self.queries, answered, strict=True)
        self.queries = [replace(new, chosen=now.chosen, made=now.made) for now, new in pairs]
        self.queries_changed.emit()
        self.query_changed.emit()

    def set_fpir(self, fpir: float) -> None:
        if fpir != self.fpir:
            self.fpir = fpir
            self.strictness_changed.emit()

    def set_strangers(self, strangers: Strangers) -> None:
        if strangers != self.strangers:
            self.strangers = strangers
            self.strictness_changed.emit()

    def set_methods(self, methods: Methods) -> None:
        """What can be asked now; a method that no longer can gives way to ``auto``."""
        if self.method not in methods.available:
            self.method = "auto"
        self.methods = methods
        self.method_changed.emit()

    def set_method(self, method: Method) -> None:
        if method != self.method:
            self.method = method
            self.method_changed.emit()
