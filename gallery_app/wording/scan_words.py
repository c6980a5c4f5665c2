"""What a scan of photographs came to, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.records.detections import DetectionMode
from engine.records.name_evidence import NameEvidence, NamesReport, Standing
from engine.records.scans import RescanPreview, ScanReport
from engine.utils.number_text import counted
from gallery_app.wording.number_words import faces_text

MODES: Mapping[DetectionMode, str] = {
    "thorough": "Thorough: finds the most faces, also small ones",
    "faithful": "Faithful: as dlib's own detector finds them",
}
ABOUT_MODES = (
    "Thorough is right for almost all photographs. Faithful gives exactly the numbers that other "
    "programs built on dlib give, and misses more faces."
)
KEPT = (
    "Photographs stay where they are. The gallery keeps their paths, dates and small pictures of "
    "the faces and of the whole."
)
_SHOWN = 3


def found_words(report: ScanReport) -> str:
    """A sentence on what a scan in the background found."""
    parts = [(report.known, "of known people"), (report.unknown, "unknown")]
    found = " and ".join(f"{count:,} {what}" for count, what in parts if count)
    return f"New photographs: {found}. See Gallery ▸ Scan photographs."


def problem_words(report: ScanReport) -> str:
    """The first files that could not be used, and why."""
    lines = [f"{each.file}: {each.reason}" for each in report.rejected[:_SHOWN]]
    if len(report.rejected) > _SHOWN:
        lines.append(f"… and {len(report.rejected) - _SHOWN:,} more")
    return "\n".join(lines)


def scan_words(report: ScanReport) -> Iterator[str]:
    """Yield sentences on a scan that is done."""
    looked = counted(report.looked_at, "photograph")
    rest = f" of {report.photographs:,}" if report.looked_at < report.photographs else ""
    yield f"{looked}{rest} looked at, {faces_text(report.faces)} found."
    parts = [
        (report.known, "of known people"),
        (report.unknown, "unknown"),
        (report.small, "too small to tell"),
        (report.enrolled, "decided on before"),
    ]
    found = [f"{count:,} {what}" for count, what in parts if count]
    if found:
        yield f"{', '.join(found)}."
    if report.other_mode:
        others = counted(report.other_mode, "photograph")
        yield f"{others} looked at in the other mode before."
    if report.rejected:
        yield f"{counted(len(report.rejected), 'file')} could not be used."


def rescan_words(preview: RescanPreview, *, dry_run: bool) -> str:
    """Return a sentence on what looking again in another mode changes."""
    verb = "would be" if dry_run else "are"
    return (
        f"In {counted(preview.photographs, 'photograph')} looked at again "
        f"{faces_text(preview.after)} {verb} found in place of {preview.before:,}; what was "
        f"decided about {preview.decided:,} of them stays."
    )


ABOUT_NAMES = (
    "Names come from XMP in the files or beside them, from Picasa, and from folders that are "
    "called like an enrolled person. Nothing that you decided is changed by them."
)
NO_NAMES = (
    "Neither the photographs nor the files beside them name anyone. Programs such as digiKam, "
    "Lightroom and Picasa write such names."
)
_STANDINGS: Mapping[Standing, str] = {
    "enrolled": "Enrolled under this name",
    "agrees": "The face agrees",
    "differs": "The face is {other}",
    "unknown": "No one enrolled looks like it",
    "refused": "You said that it is not this person",
    "no-face": "No face is to be seen there",
}


def standing_words(evidence: NameEvidence) -> str:
    """What a face says to the name that its file gives it."""
    return _STANDINGS[evidence.standing].format(other=evidence.other)


def evidence_words(evidence: NameEvidence) -> str:
    """A line on a name in a file and what the face says to it."""
    return f"{evidence.name}: {standing_words(evidence)}  ({evidence.photograph})"


def names_words(report: NamesReport) -> str:
    """A sentence on the names in all files."""
    count = counted(len(report.evidence), "name")
    return f"{count} in {counted(report.photographs, 'photograph')}."


def written_words(written: int, failed: int) -> str:
    """A sentence on sidecars."""
    rest = f"; {failed:,} could not be written" if failed else ""
    return f"Names written beside {counted(written, 'photograph')}{rest}."
