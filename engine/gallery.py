"""The façade: everything a window, a command line or a notebook does with a gallery.

with Gallery.open("people.gallery") as gallery:
    answer = gallery.identify(np.load("query.npy"))[0]
    print(answer.verdict, answer.name, answer.confidence)
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from engine.avatars.appearance import Lens
from engine.cohorts.cohort_library import THIS_COMPUTERS, CohortLibrary
from engine.corrections import Corrections
from engine.enrolment.enroller import Enroller, import_forecast
from engine.enrolment.unknown_faces import UnknownFaces
from engine.errors import EmbeddingError, GalleryReadOnlyError
from engine.export.exporter import Exporter
from engine.faces import Faces
from engine.formats.photo_files import read_photo
from engine.formats.photograph_folders import PhotographFolder as PhotographFolder
from engine.formats.photograph_folders import look_into_folder as look_into_folder
from engine.formats.sources import read_sources
from engine.history import History
from engine.maintenance.integrity import check_gallery, require_writable
from engine.maintenance.person_erasure import PersonErasure
from engine.maps.face_maps import Maps
from engine.people import People
from engine.photo_names import PhotoNames
from engine.photographs import Photographs
from engine.photos.camera import Camera
from engine.photos.face_quality import heed_quality
from engine.photos.photo_workers import PhotoWorkers
from engine.photos.photograph_rows import MainFaceEmbedder
from engine.photos.steady_answers import SteadyAnswers as SteadyAnswers
from engine.progress import SILENT, Listener, Reporter
from engine.queries import Queries
from engine.queries import QueriesRead as QueriesRead
from engine.recognition.comparison import SimilarityService
from engine.recognition.error_estimator import ErrorEstimator
from engine.recognition.recogniser import Recogniser
from engine.records.detections import DetectedFace
from engine.records.findings import KINDS, Kind, Review
from engine.records.types import (
    CheckReport,
    Distance,
    EnrolmentReport,
    FaceBatch,
    Identification,
    ImportReport,
    Method,
    Neighbours,
    Strangers,
    Vectors,
)
from engine.review.gallery_review import review_store
from engine.store import Store, encryption
from engine.store.cipher import Key
from engine.store.encryption import is_encrypted as is_encrypted
from engine.training.training_service import TrainingService

_log = logging.getLogger(__name__)


class Gallery:
    """One gallery, open. Safe to use from several threads.

    Its parts share its store, and each is a class of its own.

    Attributes:
        folder: where it lives.
        dimension, distance: fixed when it was made.
        writable: False when it is open for reading only; ``notices`` says why.
        notices: sentences for the person about how it was opened.
        people: who is enrolled: look up and list.
        faces: enrolled faces, their pictures and vectors.
        corrections: rename, merge, move, delete, notes and decisions, with previews.
        history: what was changed; undo and redo.
        recogniser: methods and evidence behind :meth:`identify`.
        error_rates: strangers wrongly named and known faces missed, by how strict it is.
        comparison: how alike two people or two faces are.
        enrolment: check and plan what :meth:`enroll` and :meth:`import_` do.
        unknowns: unknown queries that were collected, to be named many at a time.
        models: its trained models: train, versions, evaluation.
        maps: every face a point, in any of the spaces that faces can be compared in.
        exports: files that other programs read, and a report.
        photographs: folders scanned for faces, and the photographs that people are in.
        photo_names: names that stand in or beside photographs.
        queries: faces to be asked about, read from files, folders and photographs.
        erasure: removes people from every file of the gallery.
        backups: written, listed, and how many are kept.
    """

    def __init__(
        self,
        store: Store,
        *,
        listener: Listener | None,
        background: bool,
        cohorts: CohortLibrary | None,
    ) -> None:
        self._listener = listener
        self._background = background
        self._cohorts = cohorts
        self.notices: list[str] = []
        self._take(store)

    def _take(self, store: Store) -> None:
        """Make all parts anew on an open store."""
        self._store = store
        self.folder = store.folder
        self.dimension = store.dimension
        self.distance: Distance = store.distance
        self.writable = store.writable
        self._lens = Lens(store)
        self.recogniser = Recogniser(
            store, listener=self._listener, background=self._background, cohorts=self._cohorts
        )
        self.error_rates = ErrorEstimator(store, self.recogniser)
        self.people = People(store, self.recogniser)
        self.faces = Faces(store, self._lens)
        self.comparison = SimilarityService(store)
        self.corrections = Corrections(store, self.recogniser, self.comparison)
        self.history = History(store, self.recogniser)
        self._workers = PhotoWorkers()
        self.enrolment = Enroller(store, self.recogniser, self._workers)
        self.queries = Queries(self.dimension, self.enrolment.network, self._workers)
        self.unknowns = UnknownFaces(store, self.recogniser, self.enrolment, self._lens)
        self.photographs = Photographs(
            store, self.recogniser, self.unknowns, self.enrolment.network, self._workers
        )
        self.photo_names = PhotoNames(
            self.photographs, self.people, self.faces, self.recogniser, self.enrolment
        )
        self.models = TrainingService(store, self.recogniser)
        self.erasure = PersonErasure(store, self.recogniser, self.models, self._lens)
        self.maps = Maps(store)
        self.exports = Exporter(store, self.models, self._lens)
        self.backups = store.backups

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        dimension: int = 128,
        distance: Distance = "cosine",
        passphrase: str | None = None,
        cohorts: CohortLibrary | None = THIS_COMPUTERS,
    ) -> Gallery:
        """Make an empty gallery and open it.

        Args:
            passphrase: makes it an encrypted one, of at least 12 characters.
            cohorts: as for :meth:`open`.

        Raises:
            GalleryExistsError: something is there already.
            GalleryReadOnlyError: the folder cannot be written.
            InputError: the passphrase is too easy to guess. EncryptionMissingError.
        """
        store = Store.create(
            Path(folder), dimension=dimension, distance=distance, passphrase=passphrase
        )
        return cls(store, listener=None, background=False, cohorts=cohorts)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        write: bool = True,
        listener: Listener | None = None,
        background: bool = False,
        passphrase: str | Key | None = None,
        cohorts: CohortLibrary | None = THIS_COMPUTERS,
    ) -> Gallery:
        """Open a gallery; for reading only where another process writes it or the folder is
        read-only (``notices`` then says so).

        Args:
            write: False opens for reading only in any case.
            listener: is told when the index had to be rebuilt, and how far that is.
            background: rebuild the index in a thread while exact search answers.
            passphrase: of an encrypted gallery, or its key; a plain one needs and heeds none.
            cohorts: strangers by whom thresholds are set where one network made their vectors
                and the gallery's; None sets them by the enrolled people alone.

        Raises:
            GalleryNotFoundError, GalleryTooNewError, GalleryDamagedError, ForeignFileError,
            PassphraseNeededError, WrongPassphraseError, EncryptionMissingError.
        """
        notices = []
        try:
            store = Store.open(Path(folder), write=write, passphrase=passphrase)
        except GalleryReadOnlyError as error:
            store = Store.open(Path(folder), write=False, passphrase=passphrase)
            notices.append(f"Opened read-only. {error.reason}")
        gallery = cls(store, listener=listener, background=background, cohorts=cohorts)
        gallery.notices += notices
        _log.info("Opened a gallery of %d numbers a face, %s", gallery.dimension, gallery.distance)
        gallery._finish_erasure()
        return gallery

    @classmethod
    def create_from(
        cls,
        folder: str | Path,
        sources: Iterable[str | Path],
        *,
        distance: Distance = "cosine",
        passphrase: str | None = None,
        reporter: Reporter = SILENT,
    ) -> tuple[Gallery, ImportReport]:
        """Make a gallery of the sources' own dimension and fill it; nothing half-made stays.

        Raises:
            GalleryExistsError, EmbeddingError, CancelledError.
        """
        started = time.monotonic()
        reporter = import_forecast(reporter)
        workers = PhotoWorkers()
        embedder = MainFaceEmbedder(workers)
        try:
            reading = read_sources(
                [Path(source) for source in sources], reporter=reporter, embed=embedder
            )
        finally:
            workers.close()
        reading = replace(reading, notices=reading.notices + embedder.notices())
        if not len(reading.batch):
            raise EmbeddingError(
                "No faces were given", remedy="Provide a folder or file with faces."
            )
        dimension = reading.batch.vectors.shape[1]
        gallery = cls.create(folder, dimension=dimension, distance=distance, passphrase=passphrase)
        try:
            report = gallery.enrolment.import_reading(reading, started, reporter)
        except BaseException:
            gallery.close()
            shutil.rmtree(folder)
            raise
        return gallery, report

    def close(self) -> None:
        """Write the index snapshot and let the gallery go. May be called twice."""
        self._workers.close()
        self.recogniser.close()
        self._store.close()

    def __enter__(self) -> Gallery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- asking ------------------------------------------------------------------------------

    def read_queries(self, path: str | Path, *, name_column: str | None = None) -> FaceBatch:
        """Read the embeddings of a file, or the faces of a photograph, checked against this
        gallery's dimension and network.

        Args:
            name_column: column or array of the names, None to recognise it.

        Raises:
            EmbeddingError, PhotoError, MismatchError: naming the file, what is wrong and what to
            do. NoFaceError: a photograph without a face.
        """
        return self.queries.read(path, name_column=name_column)

    def read_photo(self, photo: str | Path | DetectedFace) -> bytes:
        """Return the photograph beside a query, or the face in a photograph that it was made of,
        as JPEG of at most 192 pixels a side.

        Raises:
            PhotoError: it is broken, too large or of another kind.
        """
        return photo.crop if isinstance(photo, DetectedFace) else read_photo(photo)

    def identify(
        self,
        queries: Vectors | FaceBatch,
        *,
        k: int = 5,
        top: int = 5,
        method: Method = "auto",
        fpir: float = 0.01,
        strangers: Strangers = "at-large",
    ) -> Sequence[Identification]:
        """Tell who each query is.

        Args:
            queries: ``(d,)`` or ``(n, d)``, or a batch. Of a batch with faces found in photographs
                no two faces of one photograph get the same name, and a name given to a face that
                is small says so.
            k: how many nearest faces are evidence.
            top: how many candidates, at most.
            fpir: the share of strangers that may get a name, in (0, 1).
            strangers: whom that is a share of: people at large, as far as a cohort tells, or
                people who are like those enrolled.

        Raises:
            MismatchError: another dimension. EmbeddingError: a row is not finite or all zeros.
            InputError: ``fpir`` outside (0, 1).
        """
        faces = queries.photos if isinstance(queries, FaceBatch) else ()
        found = [isinstance(face, DetectedFace) and face.photograph.file for face in faces]
        answers = self.recogniser.identify(
            queries.vectors[:] if isinstance(queries, FaceBatch) else queries,
            method=method,
            k=k,
            top=top,
            fpir=fpir,
            strangers=strangers,
            photographs=[file or None for file in found] if any(found) else None,
        )
        return heed_quality(answers, faces)

    def camera(self, source: str = "0") -> Camera:
        """Look through a camera at faces that can be asked about, until it is closed.

        Args:
            source: the number of a camera from 0, its device file, a video, or a folder of
                pictures.

        Raises:
            MismatchError: the gallery's faces are of another network. PhotographsMissingError: what
            finds faces is not installed. WorkerError: OpenCV is not, or there is no such camera.
        """
        self.enrolment.network.check_photographs()
        return Camera(source)

    def auto(self) -> tuple[tuple[str, ...], str, str]:
        """Return the methods that ``auto`` stands for on this gallery; why, as
        :class:`engine.recognition.calibration.method_selection.MethodChoice` says it; and what the
        calibration rests on.
        """
        auto = self.recogniser.auto()
        return auto.members, auto.reason, self.recogniser.calibration().basis

    # -- enrolling ---------------------------------------------------------------------------

    def enroll(
        self,
        name: str,
        faces: FaceBatch | Vectors,
        *,
        elsewhere: Mapping[int, str] = MappingProxyType({}),
        reporter: Reporter = SILENT,
    ) -> EnrolmentReport:
        """Add faces to a new or known identity; they are found from this moment on.

        Args:
            faces: a batch, or vectors ``(n, d)``.
            elsewhere: names of other identities for some of the rows, in the same transaction.

        Raises:
            IdentityNameError, AmbiguousNameError, EmbeddingError, MismatchError,
            GalleryReadOnlyError.
        """
        return self.enrolment.enroll(name, faces, elsewhere=elsewhere, reporter=reporter)

    def import_(
        self,
        sources: Iterable[str | Path],
        *,
        name_column: str | None = None,
        dry_run: bool = False,
        reporter: Reporter = SILENT,
    ) -> ImportReport:
        """Enrol everything in folder trees, ``.npz`` and ``.csv`` files, in one transaction.

        Args:
            name_column: column or array of the names, None to recognise it.
            dry_run: change nothing and return what would be reported.

        Raises:
            EmbeddingError: a source has no vectors at all. MismatchError: another network made
            them. GalleryReadOnlyError. CancelledError.
        """
        if dry_run:
            plan = self.enrolment.plan_import(sources, name_column=name_column, reporter=reporter)
            return plan.report()
        return self.enrolment.import_(sources, name_column=name_column, reporter=reporter)

    # -- its state ---------------------------------------------------------------------------

    def prepare(self, reporter: Reporter | None = None) -> None:
        """Make index, calibration and the measure of near-duplicates where they are missing or
        old, and saves them.

        Raises:
            CancelledError: stopped by the reporter while it calibrates.
        """
        self.recogniser.prepare(reporter)
        if self._store.people.counts()[1]:
            self.enrolment.prepare()

    def review(self, kinds: Collection[Kind] = KINDS, *, reporter: Reporter = SILENT) -> Review:
        """What looks wrong among the enrolled faces, worst first.

        Raises:
            InputError: a kind that does not exist. CancelledError.
        """
        # in memory, without an index, an encrypted gallery is searched exactly all the same
        index = None if self._store.encrypted else self._neighbours
        return review_store(self._store, kinds, index=index, reporter=reporter)

    def _neighbours(self, vectors: Vectors, k: int) -> Neighbours:
        return self.recogniser.neighbours(vectors, k)[0]

    def try_to_write(self) -> bool:
        """Take over writing where a gallery is open for reading only because another process
        wrote it, and that has closed it; tell whether it can be written now.

        Raises:
            GalleryDamagedError, GalleryError: it stays open for reading.
        """
        before = self.writable
        self.writable = self.recogniser.take_over()
        if self.writable and not before:
            self._finish_erasure()  # that the other process began
        return self.writable

    def _finish_erasure(self) -> None:
        if notice := self.erasure.finish_interrupted():
            self.notices.append(notice)

    # -- encryption --------------------------------------------------------------------------

    @property
    def encrypted(self) -> bool:
        """Whether it needs a passphrase to be opened."""
        return self._store.encrypted

    @property
    def key(self) -> Key | None:
        """What opens it again, and its backups, as its passphrase does; None of a plain one."""
        return self._store.key

    def is_passphrase(self, words: str) -> bool:
        """Tell whether these words open it (0.2 s)."""
        return self._store.is_passphrase(words)

    def encrypt(self, passphrase: str, *, reporter: Reporter = SILENT) -> None:
        """Encrypt this gallery in place: see :func:`engine.store.encryption.encrypt`.

        It is closed and opened again meanwhile: nothing else may be asked of it until then, and
        its parts, such as :attr:`corrections`, are other objects afterwards.

        Raises:
            InputError: the passphrase is too easy to guess, or the gallery is encrypted; and the
            errors of that function.
        """
        convert = partial(encryption.encrypt, self.folder, passphrase, reporter=reporter)
        self._convert(convert, passphrase)

    def decrypt(self, *, reporter: Reporter = SILENT) -> None:
        """Decrypt this gallery in place, closed meanwhile like by :meth:`encrypt`."""
        self._convert(partial(encryption.decrypt, self.folder, self.key, reporter=reporter), None)

    def change_passphrase(self, new: str, *, reporter: Reporter = SILENT) -> None:
        """Give it another passphrase, closed meanwhile like by :meth:`encrypt`."""
        convert = partial(
            encryption.change_passphrase, self.folder, self.key, new, reporter=reporter
        )
        self._convert(convert, new)

    def _convert(self, convert: Callable[[], None], new: str | None) -> None:
        require_writable(self._store, "It cannot be rewritten")
        opens: str | Key | None = self.key
        self.close()
        try:
            convert()
            opens = new
        finally:
            self._take(Store.open(self.folder, passphrase=opens))

    def check(self, *, repair: bool = False, reporter: Reporter = SILENT) -> CheckReport:
        """Hold store, indexes and models against one another.

        Args:
            repair: rebuild what is derived from the store where it disagrees, and take out faces
                whose stored numbers have changed, once the database is copied aside; a damaged
                model is only told of: it must be trained again.
        """
        return check_gallery(self._store, self.recogniser, repair=repair, reporter=reporter)
