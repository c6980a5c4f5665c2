"""What the method ``auto`` stands for on one gallery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.identification.calibration import Calibration


@dataclass(frozen=True)
class Auto:
    """A choice among the methods.

    Attributes:
        members: the method, or those that are fused.
        calibration: of the fusion; None for a single method, which has its own.
        reason: one sentence for the person.
        otherwise: the choice without the MLP, for queries that look most like somebody whom the
            MLP has never seen; None where the MLP is no member.
    """

    members: tuple[str, ...]
    calibration: Calibration | None
    reason: str
    otherwise: Auto | None = None

    @property
    def all_members(self) -> frozenset[str]:
        """Those of ``otherwise`` too."""
        return frozenset(self.members) | (self.otherwise.all_members if self.otherwise else set())

    def grown(self, identities: int) -> Auto:
        """The same in a gallery of more identities by now; see :meth:`Calibration.grown`."""
        return replace(
            self,
            calibration=self.calibration and self.calibration.grown(identities),
            otherwise=self.otherwise and self.otherwise.grown(identities),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a file."""
        return {
            "members": list(self.members),
            "calibration": self.calibration.to_json() if self.calibration else None,
            "reason": self.reason,
            "otherwise": self.otherwise.to_json() if self.otherwise else None,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Auto:
        """The other way.

        Raises:
            ValueError, KeyError, TypeError: not written by :meth:`to_json` of this version.
        """
        members = tuple(map(str, record["members"]))
        if not members:
            raise ValueError("auto stands for nothing")
        calibration = None
        if len(members) > 1:
            calibration = Calibration.from_json(record["calibration"], features_of(len(members)))
        otherwise = record["otherwise"]
        return cls(
            members,
            calibration,
            str(record["reason"]),
            cls.from_json(otherwise) if otherwise is not None else None,
        )


def features_of(methods: int) -> tuple[str, ...]:
    """What a fusion of so many methods is calibrated on."""
    return tuple(f"method {number}" for number in range(methods))


KNN_ALONE = Auto(("knn",), None, "No trained model is in use, so auto is k-NN.")
