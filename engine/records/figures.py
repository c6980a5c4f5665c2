"""The figures of an evaluation: what was measured, on how much, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from engine.records.domains import Count, Time, checked

Protocol = Literal["closed", "open"]


@dataclass(frozen=True)
class Estimate:
    """A share in [0, 1] with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence lay in one range: what was stated and what came true."""

    stated: float
    right: float
    count: int


@dataclass(frozen=True)
class ClosedFigures:
    """One method where every query is of an enrolled person.

    Attributes:
        method: its name in tables, such as ``knn`` or ``5-NN (plain)``.
        reference: True for what ours are compared with.
        rank1, balanced_rank1, rank5: plain, the mean over identities, and among the first five
            (None for a method that names only one).
        seconds: of one repeat, training included, the median.
        loses_to: references that are better beyond noise; empty for references.
    """

    method: str
    reference: bool
    rank1: Estimate
    balanced_rank1: Estimate
    rank5: Estimate | None
    seconds: float
    loses_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenFigures:
    """One method where a third of the identities is never enrolled.

    Attributes:
        rank1, rank5: among the mated queries, whatever the verdict.
        cmc: share of mated queries with the right name among the first 1, 2, … 20.
        fnir: by asked FPIR ("0.01", "0.1"): mated queries without the right name first and above
            the threshold; None where there are too few non-mated searches to set that threshold.
        fpir: by asked FPIR, what really came of it on the test half.
        det: (fpir, fnir) points, ascending in fpir.
        ece: expected calibration error; None for methods that state no probability.
        reliability: its bins.
        mated, non_mated: searches behind the figures, over all repeats.
    """

    method: str
    reference: bool
    rank1: Estimate
    rank5: Estimate | None
    cmc: tuple[float, ...]
    fnir: Mapping[str, Estimate | None]
    fpir: Mapping[str, Estimate | None]
    det: tuple[tuple[float, float], ...]
    ece: Estimate | None
    reliability: tuple[ReliabilityBin, ...]
    mated: int
    non_mated: int
    seconds: float
    loses_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sampled:
    """So many searches were made in a repeat ``of`` those that could have been."""

    protocol: Protocol
    searches: int
    of: int


@dataclass(frozen=True)
class BestMethod:
    """The best of our methods under one protocol, beside the best reference.

    Attributes:
        method: the best of ours, or of the references where none of ours was run.
        reference: the best reference; None where there is none beside ``method``.
        gain: the decisive share of the method less that of the reference: FNIR's complement at the
            first FPIR that could be measured, or rank-1.
        significant: whether the 95 % interval of the paired difference leaves out 0.
    """

    protocol: Protocol
    method: str
    reference: str | None = None
    gain: float = 0.0
    significant: bool = False


@dataclass(frozen=True)
class MlpLimits:
    """With more than ``people`` people enrolled, the MLP learns ``block`` people at a time, for
    no more than ``epochs`` epochs.
    """

    people: int
    block: int
    epochs: int


@dataclass(frozen=True)
class Evaluation:
    """Everything one evaluation measured. What it means is put into words where it is shown.

    Attributes:
        sentences: what it means, of an evaluation made by an earlier version; else empty.
        non_mated_identities: how many identities were never enrolled in a repeat.
        created: seconds since the epoch (UTC).
        sampled: where the gallery is too large to make every search.
        best: under each protocol that was run.
        left_out: methods that were not run, and the problem; "" where training them takes too
            long with so many people.
        open_obstacle: why the open set was asked for and not run; "" where it was.
        mlp_limits: where they apply.
    """

    gallery: str
    identities: Count
    faces: Count
    seed: int
    repeats: int
    created: Time
    seconds: float
    sentences: tuple[str, ...]
    closed: tuple[ClosedFigures, ...]
    open: tuple[OpenFigures, ...]
    non_mated_identities: int = 0
    sampled: tuple[Sampled, ...] = ()
    best: tuple[BestMethod, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    open_obstacle: str = ""
    mlp_limits: MlpLimits | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Evaluation:
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: not written by :meth:`to_json` of this version.
        """
        try:
            closed = tuple(_closed(figures) for figures in record["closed"])
            open_ = tuple(_open(figures) for figures in record["open"])
            made = {"closed": closed, "open": open_, "sentences": tuple(record["sentences"])}
            made |= _of_late(record)
            rest = {spec.name: record[spec.name] for spec in fields(cls) if spec.name not in made}
            return checked(cls(**{**rest, **made}))
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            raise ValueError(f"Not an evaluation of this version: {error}") from error


def _of_late(record: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that evaluations of earlier versions lack."""
    limits = record.get("mlp_limits")
    return {
        "sampled": tuple(Sampled(**sample) for sample in record.get("sampled", ())),
        "best": tuple(BestMethod(**best) for best in record.get("best", ())),
        "left_out": dict(record.get("left_out", {})),
        "open_obstacle": record.get("open_obstacle", ""),
        "mlp_limits": None if limits is None else MlpLimits(**limits),
    }


def _estimate(record: Any) -> Estimate | None:
    return None if record is None else Estimate(**record)


def _closed(record: Mapping[str, Any]) -> ClosedFigures:
    names = ("rank1", "balanced_rank1", "rank5")
    made = {name: _estimate(record[name]) for name in names}
    return ClosedFigures(**{**record, **made, "loses_to": tuple(record["loses_to"])})


def _open(record: Mapping[str, Any]) -> OpenFigures:
    return OpenFigures(
        **{
            **record,
            **{name: _estimate(record[name]) for name in ("rank1", "rank5", "ece")},
            **{
                name: {fpir: _estimate(estimate) for fpir, estimate in record[name].items()}
                for name in ("fnir", "fpir")
            },
            "cmc": tuple(record["cmc"]),
            "det": tuple((float(x), float(y)) for x, y in record["det"]),
            "reliability": tuple(ReliabilityBin(**entry) for entry in record["reliability"]),
            "loses_to": tuple(record["loses_to"]),
        }
    )
