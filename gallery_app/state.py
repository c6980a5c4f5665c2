"""What the window knows: the open gallery, the chosen identity, the queries. No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from engine.gallery import Gallery
from engine.records.changes import Changed
from engine.records.types import Method, Rejection, Strangers
from gallery_app.face_queries import FaceQuery, QueryList


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
        self.queries = QueryList()
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
        self.queries, self.position = QueryList(), -1
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

    def set_queries(self, queries: Sequence[FaceQuery], errors: Sequence[Rejection] = ()) -> None:
        """Ask about others.

        Args:
            errors: files that came with them and could not be read.
        """
        self.queries = QueryList(queries, errors)
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
        position = self.queries.position_of(query)
        if position >= 0:
            self.queries.change({position: changes})
            self.queries_changed.emit()
            if position == self.position:
                self.query_changed.emit()

    def choose_candidate(self, identity: int) -> None:
        """Of the shown query: its pictures, evidence and buttons are about this one."""
        if self.query is not None and identity != self.query.chosen:
            self.queries.change({self.position: {"chosen": identity}})
            self.query_changed.emit()

    def set_answers(self, answered: QueryList) -> None:
        """Take over what the gallery says now of all queries, in their order; what a person
        chose and made meanwhile stays.
        """
        answered.take_choices(self.queries)
        self.queries = answered
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
