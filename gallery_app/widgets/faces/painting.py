"""What delegates and small widgets share when they paint: pictures, rings, elided words."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QPainter,
    QPen,
    QPixmap,
    QPixmapCache,
)

from gallery_app.theme.colours import current_theme

Picture = QPixmap | QImage | None


def paint_picture(painter: QPainter, rect: QRectF, picture: Picture, radius: float) -> None:
    """A picture with rounded corners, cut to a square; a calm block while there is none."""
    if picture is None or picture.isNull():
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current_theme().track)
        painter.drawRoundedRect(rect, radius, radius)
        painter.restore()
    else:
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect.topLeft(), _rounded(picture, rect.width(), radius, ratio))


def _rounded(picture: QPixmap | QImage, side: float, radius: float, ratio: float) -> QPixmap:
    """The picture at exactly the pixels that are shown; kept, since lists paint it often."""
    key = f"face-{type(picture).__name__}-{picture.cacheKey()}-{side}-{radius}-{ratio}"
    kept = QPixmap()
    if QPixmapCache.find(key, kept):
        return kept
    pixels = round(side * ratio)
    source = picture.toImage() if isinstance(picture, QPixmap) else picture
    fitted = source.copy(_middle_square(source)).scaled(
        pixels, pixels, Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )  # fmt: skip
    made = QPixmap(pixels, pixels)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(fitted))
    painter.drawRoundedRect(made.rect(), radius * ratio, radius * ratio)
    painter.end()
    made.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, made)
    return made


def _middle_square(picture: QImage) -> QRect:
    """The square that is shown of a picture that is not one: a little above its middle."""
    width, height = picture.width(), picture.height()
    side = min(width, height)
    return QRect((width - side) // 2, (height - side) // 3, side, side)


def paint_ring(painter: QPainter, rect: QRectF, color: QColor, radius: float, width: float) -> None:
    """A rounded outline of ``width`` inside ``rect``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, width))
    half = width / 2
    painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), radius, radius)
    painter.restore()


def paint_words(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: QFont,
    color: QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """One line of plain text, vertically centred, cut at its end where it does not fit.

    The place is absolute: a name written from right to left still stands where the others do.
    """
    painter.setFont(font)
    painter.setPen(color)
    painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    line = elided(text, QFontMetrics(font), rect.width())
    flags = align | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
    painter.drawText(rect, flags, line)


def elided(text: str, metrics: QFontMetrics, width: int) -> str:
    """The text on one line, cut at the right to ``width``."""
    return metrics.elidedText(" ".join(text.split()), Qt.TextElideMode.ElideRight, width)
