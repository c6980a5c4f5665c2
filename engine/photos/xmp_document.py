"""A packet or a file of XMP, read with limits: no document type, no entities, no depth without end.

What an element is made of is kept by its place in the text, so that one can be replaced and every
other byte of the file stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers.expat import ExpatError, XMLParserType

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from engine.errors import InputError
from engine.utils.text_files import MARK, text_encoding

MAX_BYTES = 8 * 1024**2
MAX_DEPTH = 64
MAX_NODES = 100_000
_LONGEST = 4096
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_CONTAINERS = (f"{RDF}Bag", f"{RDF}Seq", f"{RDF}Alt")
_TAG = re.compile(rb"""<(?:"[^"]*"|'[^']*'|[^"'>])*>""")
_AROUND = f"{MARK}\0 \t\r\n"  # what writers pad a packet with


class XmpElement:
    """An element of the document. Names are ``namespace}name``, as the parser gives them."""

    __slots__ = ("attributes", "children", "end_tag", "start", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], start: int) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[XmpElement] = []
        self.text = ""
        self.start = start
        self.end_tag = start

    def value(self, tag: str) -> str:
        """A simple property of the structure, however it is spelled; "" where it has none."""
        for holder in self._holders():
            if tag in holder.attributes:
                return holder.attributes[tag].strip()
            for child in holder.children:
                if child.tag == tag:
                    members = child.members()  # one of several languages: the first
                    return (members[0] if members else child).text.strip()
        return ""

    def structure(self, tag: str) -> XmpElement | None:
        """A property of the structure that has properties or members itself."""
        found = (child for one in self._holders() for child in one.children if child.tag == tag)
        return next(found, None)

    def container(self) -> XmpElement | None:
        """The list that this property holds."""
        return next((child for child in self.children if child.tag in _CONTAINERS), None)

    def members(self) -> list[XmpElement]:
        """What is in the list that this property holds; none where it holds no list."""
        container = self.container()
        return (
            [child for child in container.children if child.tag == f"{RDF}li"] if container else []
        )

    def all_of(self, tag: str) -> Iterator[XmpElement]:
        """Every element of a name within this one."""
        left = [self]
        while left:
            element = left.pop()
            if element.tag == tag:
                yield element
            left.extend(reversed(element.children))

    def _holders(self) -> Iterator[XmpElement]:
        """Elements whose attributes and children are properties of this structure."""
        yield self
        yield from (child for child in self.children if child.tag == f"{RDF}Description")


class XmpDocument:
    """XMP as a tree, and its text as UTF-8.

    Attributes:
        root: its outermost element.
        source: the text, without byte order mark and padding.
    """

    def __init__(self, data: bytes) -> None:
        """Read it.

        Raises:
            InputError: it is too large, no text, no well-formed XML, nested too deep, or has a
                document type.
        """
        if len(data) > MAX_BYTES:
            raise InputError(f"It has more than {MAX_BYTES // 1024**2} MB of XMP")
        try:
            text = data.decode(text_encoding(data[:4]))
        except UnicodeDecodeError:
            raise InputError("Its XMP is not text in UTF-8, UTF-16 or UTF-32") from None
        self.source = text.strip(_AROUND).encode("utf-8")
        self.root = _parse(self.source)

    def inside(self, element: XmpElement) -> tuple[int, int] | None:
        """Where its content begins and ends in the source; None for ``<an-empty-tag/>``."""
        after = self._tag_end(element.start)
        return None if self.source[after - 2 : after] == b"/>" else (after, element.end_tag)

    def whole(self, element: XmpElement) -> tuple[int, int]:
        """Where it begins and ends in the source."""
        at = element.start if self.inside(element) is None else element.end_tag
        return element.start, self._tag_end(at)

    def _tag_end(self, start: int) -> int:
        found = _TAG.match(self.source, start)
        assert found, "the parser has seen a tag here"
        return found.end()


def _parse(source: bytes) -> XmpElement:
    if source.count(b"=") > MAX_NODES:  # so many attributes of one element are never handed out
        raise InputError(f"Its XMP has more than {MAX_NODES:,} elements and attributes")
    parser = DefusedXMLParser(encoding="utf-8", forbid_dtd=True).parser
    tree = _TreeBuilder(parser)
    try:
        parser.Parse(source, True)
    except DefusedXmlException:
        raise InputError(
            "Its XMP has a document type or entities, which no XMP needs and which are not read"
        ) from None
    except ExpatError as error:
        where = f"line {error.lineno:,}, column {error.offset + 1:,}"
        raise InputError(f"Its XMP is not well-formed XML ({where})") from None
    assert tree.root, "a well-formed document has a root"
    return tree.root


class _TreeBuilder:
    """Builds the tree as the parser goes, and stops it at the limits."""

    def __init__(self, parser: XMLParserType) -> None:
        """Stand in for the handlers of ElementTree, which know no places and take twice as long."""
        self._parser = parser
        self.root: XmpElement | None = None
        self._open: list[XmpElement] = []
        self._nodes = 0
        parser.ordered_attributes = False
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._nodes += 1 + len(attributes)
        if len(self._open) >= MAX_DEPTH:
            raise InputError(f"Its XMP is nested more than {MAX_DEPTH} deep")
        if self._nodes > MAX_NODES:
            raise InputError(f"Its XMP has more than {MAX_NODES:,} elements and attributes")
        element = XmpElement(tag, attributes, self._parser.CurrentByteIndex)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop().end_tag = self._parser.CurrentByteIndex

    def _add_text(self, text: str) -> None:
        element = self._open[-1]
        if not element.children and len(element.text) < _LONGEST:  # else it is layout, or no value
            element.text += text
