"""Middle: the views of the gallery, a tab each."""

from __future__ import annotations

from PySide6.QtWidgets import QTabWidget, QWidget


class Middle(QTabWidget):
    """Tabs with the number of what waits in them."""

    def __init__(self, faces: QWidget, review: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("middle")
        self.setDocumentMode(True)
        self._review = review
        self.addTab(faces, "Faces")
        self.addTab(review, "Review")

    def shows(self, view: QWidget) -> bool:
        """Whether this view is the one in front."""
        return self.currentWidget() is view

    def set_review_count(self, count: int | None) -> None:
        """How many questions are open; None where nobody looked yet."""
        text = "Review" if count is None else f"Review · {count:,}"
        self.setTabText(self.indexOf(self._review), text)
