"""Middle: the views of the gallery, a tab each."""

from __future__ import annotations

from PySide6.QtWidgets import QTabWidget, QWidget


class Middle(QTabWidget):
    """Tabs with the number of what waits in them."""

    def __init__(
        self,
        faces: QWidget,
        map_: QWidget,
        review: QWidget,
        unknown: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("middle")
        self.setDocumentMode(True)
        self._review, self._unknown = review, unknown
        self.addTab(faces, "Faces")
        self.addTab(map_, "Map")
        self.addTab(review, "Review")
        self.addTab(unknown, "Unknown")
        self.tabBarClicked.connect(self.go_to)

    def go_to(self, place: int) -> None:
        """Brings a tab in front; the keys go there from now on."""
        self.setCurrentIndex(place)
        if place >= 0:
            self.widget(place).setFocus()

    def shows(self, view: QWidget) -> bool:
        """Whether this view is the one in front."""
        return self.currentWidget() is view

    def set_review_count(self, count: int | None) -> None:
        """How many questions are open; None where nobody looked yet."""
        text = "Review" if count is None else f"Review · {count:,}"
        self.setTabText(self.indexOf(self._review), text)

    def set_unknown_count(self, count: int) -> None:
        """How many queries are on the shelf."""
        text = f"Unknown · {count:,}" if count else "Unknown"
        self.setTabText(self.indexOf(self._unknown), text)
