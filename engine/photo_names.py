"""Names that stand in or beside photographs: compared with the faces, taken over, written back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.enrolment.enroller import Enroller
from engine.errors import ExportError, IdentityNameError, PhotoError
from engine.faces import Faces
from engine.formats.input_file import printable
from engine.people import People
from engine.photographs import Photographs
from engine.photos.network_files import DIMENSION
from engine.photos.photo_reader import stored_picture
from engine.photos.photograph_rows import as_batch_of, main_face
from engine.progress import SILENT, Reporter
from engine.recognition.recogniser import Recogniser
from engine.records.detections import ENROLLED_SIDE, DetectedFace, PhotographFaces, vectors_of
from engine.records.name_evidence import TAKEN, NameEvidence, NamesReport, Standing
from engine.records.names import check_name, shown_name
from engine.records.types import EnrolmentReport, Identification, Rejection, VectorRecord

if TYPE_CHECKING:
    from engine.photos.face_regions import FaceRegion  # brings a library that may be absent


class PhotoNames:
    """Reads names in photographs, and writes them beside photographs."""

    def __init__(
        self,
        photographs: Photographs,
        people: People,
        faces: Faces,
        recogniser: Recogniser,
        enroller: Enroller,
    ) -> None:
        self._photographs = photographs
        self._people = people
        self._faces = faces
        self._recogniser = recogniser
        self._enroller = enroller

    def read(self, folders: Sequence[str | Path], *, reporter: Reporter = SILENT) -> NamesReport:
        """Hold the names in the photographs of folders against the faces in them.

        Names are read from XMP in the file or a sidecar, from Picasa's files, and from folders
        that are called like an enrolled person. Photographs that a scan has looked at are not
        looked at again.

        Raises:
            EmbeddingError: there is no photograph. MismatchError, PhotographsMissingError,
            WorkerError, CancelledError.
        """
        from engine.photos.face_regions import read_regions

        evidence: list[NameEvidence] = []
        remarks: list[str] = []
        rejected: list[Rejection] = []
        count = 0
        for file, found in self._photographs.looked_at(folders, reporter=reporter):
            count += 1
            if isinstance(found, PhotoError):
                rejected.append(Rejection(printable(file), found.reason))
                continue
            picture = stored_picture(file)
            read = read_regions(Path(file), (picture.width, picture.height), picture.orientation)
            remarks += [f"{printable(file)}: {remark}" for remark in read.remarks]
            evidence += self._evidence(file, found, read.regions)
        return NamesReport(count, tuple(evidence), tuple(remarks), tuple(rejected))

    def take_over(
        self, evidence: Sequence[NameEvidence], *, reporter: Reporter = SILENT
    ) -> EnrolmentReport | None:
        """Enrol faces under the names that their files give, as one change; but for those that
        look like another person, are enrolled already, are smaller than 50 pixels, or of which a
        person said otherwise.

        Returns:
            None where there is nothing to enrol.

        Raises:
            GalleryReadOnlyError, CancelledError.
        """
        chosen = [
            (each.face, each.name)
            for each in evidence
            if each.face is not None
            and each.standing in TAKEN
            and each.face.quality.size >= ENROLLED_SIDE
        ]
        if not chosen:
            return None
        names = dict(enumerate(name for _, name in chosen))
        batch = as_batch_of([face for face, _ in chosen])
        return self._enroller.enroll(names[0], batch, elsewhere=names, reporter=reporter)

    def write_sidecars(
        self, folders: Sequence[str | Path], *, reporter: Reporter = SILENT
    ) -> tuple[list[Path], list[Rejection]]:
        """Write the names of enrolled faces into XMP sidecars of their photographs, ``a.jpg.xmp``;
        never into a photograph.

        Returns:
            the sidecars, and what could not be written.

        Raises:
            As :meth:`read`.
        """
        from engine.photos.face_regions import FaceRegion
        from engine.photos.region_area import Area
        from engine.photos.sidecars import write_sidecar

        written: list[Path] = []
        failed: list[Rejection] = []
        for file, found in self._photographs.looked_at(folders, reporter=reporter):
            if isinstance(found, PhotoError) or not found.faces:
                continue
            size = found.photograph.width, found.photograph.height
            regions = [
                FaceRegion(record.faces[0][1], Area.of_pixels(_corners(face), size))
                for face, record in zip(found.faces, self._records(found), strict=True)
                if record.faces
            ]
            if not regions:
                continue
            picture = stored_picture(file)
            stored = picture.width, picture.height
            try:
                written.append(write_sidecar(Path(file), regions, stored, picture.orientation))
            except (ExportError, IdentityNameError) as error:
                failed.append(Rejection(printable(file), error.reason))
        return written, failed

    def _evidence(
        self, file: str, found: PhotographFaces, given: Sequence[FaceRegion]
    ) -> Iterator[NameEvidence]:
        from engine.photos.region_matching import match_regions

        named = {region.name: self._enrolled(region.name) for region in given}
        boxes = np.array([_corners(face) for face in found.faces]).reshape(-1, 4)
        size = found.photograph.width, found.photograph.height
        matches = match_regions(boxes, size, given)
        meant = [
            (face, region.name, region.file)
            for face, region in zip(found.faces, matches.regions, strict=True)
            if region is not None
        ]
        for region in matches.unmatched:
            yield NameEvidence(printable(file), named[region.name], region.file, "no-face")
        folder = shown_name(Path(file).parent.name)
        if not given and found.faces and self._people.find(folder) is not None:
            meant, named[folder] = [(main_face(found), folder, "")], self._enrolled(folder)
        records = dict(zip(map(id, found.faces), self._records(found), strict=True))
        answers = self._answers(found)
        for face, name, source in meant:
            yield _judged(file, face, named[name], source, records[id(face)], answers[face.number])

    def _enrolled(self, name: str) -> str:
        """The name as the person who is meant has it."""
        known = self._people.find(name)
        return check_name(name) if known is None else known.name

    def _records(self, found: PhotographFaces) -> Sequence[VectorRecord]:
        return self._faces.records(vectors_of(found.faces, DIMENSION)) if found.faces else ()

    def _answers(self, found: PhotographFaces) -> dict[int, Identification]:
        if not found.faces:
            return {}
        files = [found.photograph.file] * len(found.faces)
        vectors = vectors_of(found.faces, DIMENSION)
        answers = self._recogniser.identify(vectors, photographs=files)
        return {face.number: answer for face, answer in zip(found.faces, answers, strict=True)}


def _judged(
    file: str,
    face: DetectedFace,
    name: str,
    source: str,
    record: VectorRecord,
    answer: Identification,
) -> NameEvidence:
    """Return what a face says to the name that its file gives it."""
    standing: Standing
    other, enrolled = "", [owner for _, owner in record.faces]
    if name in enrolled:
        standing = "enrolled"
    elif enrolled:
        standing, other = "differs", enrolled[0]
    elif name in [rejected for _, rejected in record.rejected]:
        standing = "refused"
    elif answer.name == name:
        standing = "agrees"
    elif answer.name is not None:
        standing, other = "differs", answer.name
    else:
        standing = "unknown"
    sure = answer.confidence if answer.name is not None else None
    return NameEvidence(printable(file), name, source, standing, face, other, sure)


def _corners(face: DetectedFace) -> tuple[float, float, float, float]:
    return face.box.x, face.box.y, face.box.width, face.box.height
