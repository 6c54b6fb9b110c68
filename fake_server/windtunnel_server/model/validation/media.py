"""What pictures and PDFs have to be: what they say they are, not too large, not too many.

They are looked at, not decoded (`model/pictures.py`, `model/pdfs.py`): what only a decoder would find passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from windtunnel_server.model import pdfs, pictures
from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.drawings import pdf, png, written
from windtunnel_server.model.validation.rule import Asked, Example, Rule

_MB: Final = 1024 * 1024
#: Megabytes of base64 that an image may have (wire.md 8.3); where nobody says, the more.
_IMAGE_MB: Final[Mapping[str, int]] = {"bedrock": 5, "vertex": 5}
_USUAL_MB: Final = 10
_MOST_PIXELS: Final = 8_000
_MOST_PIXELS_OF_MANY: Final = 2_000
_MANY: Final = 20
#: From then on the limit of many images was reported; Haiku 3.5 was seen to take a hundred large ones.
_MANY_SINCE: Final = "2025-05-22"
#: Images and pages: of models with a longer window, and of the others.
_MOST_MEDIA, _MOST_MEDIA_OF_SHORT, _SHORT = 600, 100, 200_000
_LONG_WINDOW: Final = "context-1m-"


class Medium(NamedTuple):
    """An image or a document in base64, and the path of its block."""

    path: str
    media_type: str
    data: str

    def wrong(self, what: str, below: str = "") -> Problem:
        """Say what is wrong; a PDF is called one in the path (reported)."""
        kind = "pdf" if self.media_type == "application/pdf" else "image"
        return invalid(f"{self.path}.{kind}.source.base64{below}", what)


class _Media(NamedTuple):
    images: list[Medium]
    pdfs: list[Medium]
    #: Those that are kept elsewhere count too.
    image_count: int
    pdf_count: int


def _media(asked: Asked) -> _Media:
    """Find every image and document, also in the results of tools, in the order of kinds."""
    found: dict[str, list[Medium]] = {"image": [], "document": []}
    counts = {"image": 0, "document": 0}
    for path, block in _blocks(asked):
        source, kind = block["source"], block["type"]
        if source["type"] == "base64":
            found[kind].append(Medium(path, source["media_type"], source["data"]))
        counts[kind] += kind == "image" or source["type"] == "base64"
    return _Media(found["image"], found["document"], counts["image"], counts["document"])


def _blocks(asked: Asked) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for placed in asked.blocks("image", "document"):
        yield placed.path, placed.block
    for placed in asked.by_type.get("tool_result", ()):
        content = placed.block.get("content")
        for place, part in enumerate(content if isinstance(content, list) else ()):
            if part["type"] in ("image", "document"):
                yield f"{placed.path}.tool_result.content.{place}", part


def _given(asked: Asked) -> Iterator[Problem]:
    for image in asked.once(_media).images:
        if not image.data:
            yield image.wrong("image cannot be empty")


def _readable(asked: Asked) -> Iterator[Problem]:
    for image in asked.once(_media).images:
        if pictures.look(image.data) is None:
            yield image.wrong("invalid base64 data")


def _small_enough(asked: Asked) -> Iterator[Problem]:
    most = _IMAGE_MB.get(asked.terms.surface, _USUAL_MB)
    for image in asked.once(_media).images:
        if len(image.data) > most * _MB:
            yield image.wrong(f"image exceeds {most} MB maximum: {len(image.data)} bytes > {most * _MB} bytes")


def _as_said(asked: Asked) -> Iterator[Problem]:
    # Recorded on Bedrock in 2025: a PNG called a JPEG was answered.
    if asked.terms.surface == "bedrock":
        return
    for image in asked.once(_media).images:
        seen = pictures.look(image.data)
        if seen is not None and seen.media_type not in (None, image.media_type):
            what = f"specified using the {image.media_type} media type, but the image appears to be a {seen.media_type}"
            yield image.wrong(f"The image was {what} image")


def _processable(asked: Asked) -> Iterator[Problem]:
    for image in asked.once(_media).images:
        seen = pictures.look(image.data)
        if seen is not None and seen.size is None:
            yield invalid("", "Could not process image")


def _not_too_wide(asked: Asked) -> Iterator[Problem]:
    media = asked.once(_media)
    many = media.image_count > _MANY and (asked.model.released or "9") >= _MANY_SINCE
    most, requests = (_MOST_PIXELS_OF_MANY, " for many-image requests") if many else (_MOST_PIXELS, "")
    for image in media.images:
        seen = pictures.look(image.data)
        if seen is not None and seen.size is not None and max(seen.size) > most:
            what = f"At least one of the image dimensions exceed max allowed size{requests}: {most} pixels"
            yield image.wrong(what, ".data")


def _is_pdf(asked: Asked) -> Iterator[Problem]:
    for document in asked.once(_media).pdfs:
        seen = pdfs.look(document.data)
        if seen is None or not seen.is_pdf:
            yield document.wrong("The PDF specified was not valid.", ".data")


def _unlocked(asked: Asked) -> Iterator[Problem]:
    for document in asked.once(_media).pdfs:
        seen = pdfs.look(document.data)
        if seen is not None and seen.is_encrypted:
            yield document.wrong("The PDF specified is password protected.", ".data")


def _few_pages(asked: Asked) -> Iterator[Problem]:
    most = _most(asked)
    for document in asked.once(_media).pdfs:
        seen = pdfs.look(document.data)
        if seen is not None and seen.pages > most:
            yield document.wrong(f"A maximum of {most} PDF pages may be provided.", ".data")


def _few(asked: Asked) -> Iterator[Problem]:
    media, most = asked.once(_media), _most(asked)
    if media.image_count + media.pdf_count > most:
        yield invalid("", f"too many images and documents: {media.image_count} + {media.pdf_count} > {most}")
    elif media.pdfs:
        pages = sum(seen.pages for document in media.pdfs if (seen := pdfs.look(document.data)) is not None)
        if pages + media.image_count > most:
            yield invalid("", f"Too much media: {pages} document pages + {media.image_count} images > {most}")


def _most(asked: Asked) -> int:
    long = asked.model.window > _SHORT or any(beta.startswith(_LONG_WINDOW) for beta in asked.terms.betas)
    return _MOST_MEDIA if long else _MOST_MEDIA_OF_SHORT


def _shown(*data: bytes | str, media_type: str = "image/png") -> dict[str, Any]:
    """A conversation in which these are shown; a text is base64 already."""
    kind = "document" if media_type == "application/pdf" else "image"
    sources = [{"type": "base64", "media_type": media_type, "data": one} for one in map(_written, data)]
    return {"messages": [{"role": "user", "content": [{"type": kind, "source": source} for source in sources]}]}


def _written(data: bytes | str) -> str:
    return data if isinstance(data, str) else written(data)


def _shown_pdf(*data: bytes) -> dict[str, Any]:
    return _shown(*data, media_type="application/pdf")


_AT: Final = "messages.0.content.0"
_SHORT_MODEL: Final = {"model": "claude-haiku-4-5"}
_PNG, _WIDE = written(png(28, 28)), written(png(2_001, 1))
_LONG_PDF: Final = pdf(101)
_LARGE: Final = "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcAQAA".ljust(5 * _MB + 4, "A")

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="image_not_empty",
        about="An image has bytes.",
        source="anthropics/claude-code#12750",
        passes=Example(_shown(_PNG)),
        fails=Example(_shown(b"")),
        says=f"{_AT}.image.source.base64: image cannot be empty",
        check=_given,
    ),
    Rule(
        name="image_is_base64",
        about="An image's bytes are written in base64, without a `data:` before it.",
        source="anthropics/anthropic-sdk-typescript#603, felixarntz/ai-services#19",
        passes=Example(_shown(_PNG)),
        fails=Example(_shown("data:image/png;base64,iVBORw0KGgo=")),
        says=f"{_AT}.image.source.base64: invalid base64 data",
        check=_readable,
    ),
    Rule(
        name="image_size",
        about="An image has at most 10 MB of base64; on Bedrock and Vertex 5 MB.",
        source="wire.md 6.3, 8.3",
        passes=Example(_shown(_LARGE)),
        fails=Example(_shown(_LARGE), {"surface": "vertex"}),
        says=f"{_AT}.image.source.base64: image exceeds 5 MB maximum: 5242884 bytes > 5242880 bytes",
        check=_small_enough,
    ),
    Rule(
        name="image_is_what_it_says",
        about="An image is of the media type it is given as.",
        source="1jehuang/jcode#465, anthropics/claude-code#35234",
        passes=Example(_shown(_PNG)),
        fails=Example(_shown(_PNG, media_type="image/jpeg")),
        says=f"{_AT}.image.source.base64: The image was specified using the image/jpeg media type, "
        "but the image appears to be a image/png image",
        check=_as_said,
    ),
    Rule(
        name="image_processable",
        about="An image is a PNG, JPEG, GIF or WebP that has a width and a height.",
        source="wire.md 6.3, anthropics/claude-code#1747",
        passes=Example(_shown(_PNG)),
        fails=Example(_shown(b"<html></html>")),
        says="Could not process image",
        check=_processable,
    ),
    Rule(
        name="image_dimensions",
        about="No side of an image has more than 8000 pixels; with more than 20 images in a request 2000.",
        source="wire.md 6.3, 8.3; anthropics/claude-code#5147, charmbracelet/crush#3810",
        passes=Example(_shown(*[_WIDE] * 20)),
        fails=Example(_shown(*[_WIDE] * 21)),
        says=f"{_AT}.image.source.base64.data: At least one of the image dimensions exceed max allowed size for "
        "many-image requests: 2000 pixels",
        check=_not_too_wide,
    ),
    Rule(
        name="pdf_is_valid",
        about="A PDF is one.",
        source="wire.md 6.3; anthropics/claude-code#5174",
        passes=Example(_shown_pdf(pdf(1))),
        fails=Example(_shown_pdf(b"<html></html>")),
        says=f"{_AT}.pdf.source.base64.data: The PDF specified was not valid.",
        check=_is_pdf,
    ),
    Rule(
        name="pdf_unlocked",
        about="A PDF is not encrypted.",
        source="wire.md 6.3 (the path is unverified)",
        passes=Example(_shown_pdf(pdf(1))),
        fails=Example(_shown_pdf(pdf(1, locked=True))),
        says=f"{_AT}.pdf.source.base64.data: The PDF specified is password protected.",
        check=_unlocked,
    ),
    Rule(
        name="pdf_pages",
        about="A PDF has at most 600 pages, for models with a window of 200,000 tokens 100.",
        source="wire.md 10; warpdotdev/warp#8114, anthropics/claude-code#6231 (of 600 the words are unverified)",
        passes=Example(_shown_pdf(_LONG_PDF)),
        fails=Example({**_SHORT_MODEL, **_shown_pdf(_LONG_PDF)}),
        says=f"{_AT}.pdf.source.base64.data: A maximum of 100 PDF pages may be provided.",
        check=_few_pages,
    ),
    Rule(
        name="media_not_too_many",
        about="Images and pages of documents are at most 600, for models with a window of 200,000 tokens 100.",
        source="wire.md 8.3; anthropics/claude-code#23392, #24541, #19822 (which words when is unverified)",
        passes=Example(_shown(*[_PNG] * 101)),
        fails=Example({**_SHORT_MODEL, **_shown(*[_PNG] * 101)}),
        says="too many images and documents: 101 + 0 > 100",
        check=_few,
    ),
)
