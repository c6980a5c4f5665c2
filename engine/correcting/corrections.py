"""Corrections of a gallery: they stay, each can be undone, and recognition follows at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.correcting.previewing import Previewing
from engine.looking.similarity import Comparing
from engine.recognition.recogniser import Change, Recogniser
from engine.records import names as allowed
from engine.records.changes import Changed, HistoryEntry
from engine.store import Store
from engine.types import Ids, Vectors


class Corrections(Previewing):
    """What a person corrects in one gallery. Safe to use from several threads.

    A change is on disk when its method returns what it touched; None says that there was nothing
    to change. All of them raise UnknownIdentityError for a name or a face that is not enrolled,
    GalleryReadOnlyError where the gallery is open for reading only and GalleryWriteError where
    the disk refuses. Whatever is raised, nothing was changed.
    """

    def __init__(self, store: Store, recogniser: Recogniser, comparing: Comparing) -> None:
        self._store = store
        self._recogniser = recogniser
        self._comparing = comparing

    # -- identities --------------------------------------------------------------------------

    def rename(self, name: str, new: str) -> Changed | None:
        """Gives an identity another name.

        Raises:
            NameTakenError: somebody else has it: merge them. IdentityNameError: no name.
        """
        new = allowed.check_name(new)
        return self._apply(lambda: self._store.people.rename(name, new, allowed.name_key(new)))

    def merge(self, names: Sequence[str], into: str) -> Changed | None:
        """Puts all faces of identities under ``into``; the others go.

        Faces with the same vector become one, notes are joined, decisions follow.
        """
        self._keep_safe("merge", names)
        return self._apply(lambda: self._store.people.merge(names, into))

    def delete(self, names: Sequence[str]) -> Changed | None:
        """Takes identities out with all their faces and the decisions about them."""
        self._keep_safe("delete", names)
        return self._apply(lambda: self._store.people.delete(names))

    def note(self, name: str, text: str) -> Changed | None:
        """Keeps a person's words about an identity; "" takes them away.

        Raises:
            IdentityNameError: too long, or no sound text.
        """
        text = allowed.check_note(text)
        return self._apply(lambda: self._store.people.set_note(name, text))

    def choose_portrait(self, name: str, face: int | None) -> Changed | None:
        """Lets one of its faces stand for an identity; None leaves it to the gallery again.

        The choice lasts until that face is no longer one of the identity's.
        """
        return self._apply(lambda: self._store.people.choose_portrait(name, face))

    # -- faces -------------------------------------------------------------------------------

    def move(self, faces: Sequence[int], name: str) -> Changed | None:
        """Puts faces under another identity, known or new; identities without faces go.

        Raises:
            IdentityNameError: no name for a new identity.
        """
        name = self._target(name)
        return self._apply(lambda: self._store.faces.move(faces, name, allowed.name_key(name)))

    def split(self, name: str, parts: Mapping[str, Sequence[int]]) -> Changed | None:
        """Moves groups of an identity's faces, as :meth:`propose_split` gives them, to others.

        Args:
            parts: face ids by the name of the identity they go to, known or new; faces in no
                group stay.

        Raises:
            UnknownIdentityError: also for a face that is not theirs.
            IdentityNameError: no name for a new identity.
        """
        parts = {self._target(new): faces for new, faces in parts.items()}
        keys = {new: allowed.name_key(new) for new in parts}
        return self._apply(lambda: self._store.people.split(name, parts, keys))

    def expel(self, faces: Sequence[int]) -> Changed | None:
        """Takes faces out and remembers for good that they are not whom they were enrolled as."""
        return self._apply(lambda: self._store.faces.expel(faces))

    def remove(self, faces: Sequence[int]) -> Changed | None:
        """Takes faces out; those that are not enrolled are passed over."""
        self._store.backups.before_large_change("delete", len(faces))
        return self._apply(lambda: self._store.faces.remove(faces))

    # -- decisions ---------------------------------------------------------------------------

    def confirm(self, faces: Sequence[int]) -> Changed | None:
        """Remembers for good that faces are whom they are enrolled as."""
        return self._apply(lambda: self._store.decisions.confirm(faces))

    def unconfirm(self, faces: Sequence[int]) -> Changed | None:
        """Forgets what :meth:`confirm` remembered."""
        return self._apply(lambda: self._store.decisions.unconfirm(faces))

    def confirmed(self) -> Ids:
        """Ids of the faces that are confirmed, ascending."""
        return self._store.decisions.confirmed()

    def ignore(self, faces: Sequence[int]) -> Changed | None:
        """Remembers for good that faces are not to be asked about. They stay enrolled, are found
        and learned from; a review leaves them out.
        """
        return self._apply(lambda: self._store.decisions.ignore(faces))

    def unignore(self, faces: Sequence[int]) -> Changed | None:
        """Forgets what :meth:`ignore` remembered."""
        return self._apply(lambda: self._store.decisions.unignore(faces))

    def ignored(self) -> Ids:
        """Ids of the faces that are ignored, ascending."""
        return self._store.decisions.ignored()

    def keep_apart(self, name: str, other: str) -> Changed | None:
        """Remembers for good that two identities are two people: a review does not propose to
        merge them. Merging them all the same overrules it; another merge takes it along.

        Raises:
            InputError: they are one identity.
        """
        return self._apply(lambda: self._store.decisions.mark_distinct(name, other))

    def unkeep_apart(self, name: str, other: str) -> Changed | None:
        """Forgets what :meth:`keep_apart` remembered. Raises as it does."""
        return self._apply(lambda: self._store.decisions.unmark_distinct(name, other))

    def apart(self) -> frozenset[tuple[int, int]]:
        """Pairs of ids of identities that are two people, the smaller id first."""
        return self._store.decisions.cannot_link()

    def reject(self, vector: Vectors, identity_id: int) -> Changed | None:
        """Remembers for good that a vector ``(d,)`` is not this identity.

        Raises:
            MismatchError, EmbeddingError: not a vector of this gallery.
        """
        return self._apply(lambda: self._store.decisions.reject(vector, identity_id))

    def take_back_rejection(self, vector: Vectors, identity_id: int) -> Changed | None:
        """Forgets what :meth:`reject` remembered. Raises as it does."""
        return self._apply(lambda: self._store.decisions.unreject(vector, identity_id))

    # -- the way back ------------------------------------------------------------------------

    def undo(self) -> Changed | None:
        """Takes the last step back, exactly: vectors, pictures, ids, dates and decisions."""
        return self._apply(self._store.history.undo)

    def redo(self) -> Changed | None:
        """Does again what was undone last. A new change takes the place of what was undone."""
        return self._apply(self._store.history.redo)

    def undo_step(self) -> str | None:
        """The summary of what :meth:`undo` would take back."""
        return self._store.history.undo_step()

    def redo_step(self) -> str | None:
        """The summary of what :meth:`redo` would do again."""
        return self._store.history.redo_step()

    def history(self, limit: int | None = None) -> list[HistoryEntry]:
        """Changes, newest first, at most ``limit``; undone ones too, also those that were cut off
        by a later change, but not the undoing and redoing.
        """
        return self._store.history.changes(limit)

    def go_to(self, change: int) -> Changed | None:
        """Undoes all steps after a change of the history, or redoes all up to it, as one.

        Args:
            change: 0 for the beginning.

        Raises:
            HistoryError: there is no such change, or the way there is cut off.
        """
        return self._apply(lambda: self._store.history.go_to(change))

    def _keep_safe(self, action: str, names: Sequence[str]) -> None:
        """A backup, where a change concerns a large part of the gallery."""
        known = {self._store.people.find(name) for name in names}
        self._store.backups.before_large_change(action, sum(one.faces for one in known if one))

    def _target(self, name: str) -> str:
        """A name that faces may be put under. Raises IdentityNameError, AmbiguousNameError."""
        known = self._store.people.find(name)
        return allowed.check_name(name) if known is None else known.name

    def _apply(self, change: Change) -> Changed | None:
        return self._recogniser.apply(change)
