"""What a change did, in words."""

from __future__ import annotations

import pytest

from engine.records.changes import event
from gallery_app.wording.history_words import change_text


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        (event("added", 1, 0), "1 face added"),
        (event("added", 72, 12), "72 faces added, 12 new people"),
        (event("moved", 2, "Ann"), "2 faces moved to “Ann”"),
        (event("expelled", 2, "Ann", "Bo"), "2 faces removed: not “Ann” and “Bo”"),
        (
            event("merged", "Ann", 0, 1, "Bo"),
            "“Bo” merged into “Ann” with 0 faces, 1 duplicate dropped",
        ),
        (event("split", "Ann", 4, "Bo", "Cy"), "“Ann” split: 4 faces moved to “Bo” and “Cy”"),
        (
            event("deleted", 9, *"ABCDEFG"),
            "“A”, “B”, “C”, “D”, “E” and 2 more deleted with 9 faces",
        ),
        (event("used", "mlp", "a"), "The MLP a was trained and is now in use"),
        (event("undo", event("renamed", "Ann", "Bo")), "Undone: “Ann” renamed to “Bo”"),
        (event("redo", event("changes", 2)), "Redone: 2 changes"),
        (event("undo", "A sentence of before"), "Undone: A sentence of before"),
        (event("undo", event("redo", event("changes", 2))), "undo redo changes 2"),
        (event(*["undo"] * 5_000), " ".join(["undo"] * 5_000)),
        ("“Ann” renamed to “Bo”", "“Ann” renamed to “Bo”"),
        (event("moved", "many", "Ann"), "moved many Ann"),
        (event("deleted", 9), "deleted 9"),
        (event("unheard of", 1), "unheard of 1"),
    ],
)
def test_each_change_is_worded(summary: str, text: str) -> None:
    assert change_text(summary) == text
