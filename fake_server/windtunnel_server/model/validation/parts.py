"""The shapes of what messages and tool results are made of: text with citations, images, documents, search results.

Keys and enumerations: the SDK's types (PY:types/beta). Lengths, patterns and least values: the API's published schema
of 2025, where a report or a recording does not say otherwise.
"""

from __future__ import annotations

from typing import Final

from windtunnel_server.model.validation.conditions import elsewhere, every, with_beta
from windtunnel_server.model.validation.shape import (
    Key,
    boolean,
    integer,
    listing,
    may,
    must,
    one_of,
    record,
    string,
    text,
    text_or,
)
from windtunnel_server.model.validation.unions import member, tagged

_SCOPED: Final = with_beta("prompt-caching-scope-")
#: Without its beta the tag is not one of those expected (anthropics/anthropic-sdk-ruby#127); Bedrock and Vertex have
#: neither files nor addresses (wire.md 1.2, 1.3, 1.5). Vertex has words of its own for addresses (`surfaces.py`).
_FILES: Final = every(with_beta("files-api-"), elsewhere("bedrock", "vertex"))
_ADDRESSES: Final = elsewhere("bedrock", "bedrock-mantle")

#: `scope` is told of as an extra input without its beta (anthropics/claude-code#25597).
CACHE_CONTROL: Final = tagged(
    {"ephemeral": member({"ttl": may(one_of("5m", "1h")), "scope": may(string, known=_SCOPED)})}
)
CACHED: Final = {"cache_control": may(CACHE_CONTROL)}

_TITLE: Final = Key(text(least=1, most=255), required=True, nullable=True)
_INDEX: Final = must(integer(least=0))
_CITED: Final = {"cited_text": must(string), "document_index": _INDEX, "document_title": _TITLE}
#: Answers have it, so it comes back; whether the service minds is not known.
_FILE: Final = {"file_id": may(string)}

CITATION: Final = tagged(
    {
        "char_location": member({**_CITED, "end_char_index": must(integer()), "start_char_index": _INDEX, **_FILE}),
        "page_location": member(
            {**_CITED, "end_page_number": must(integer()), "start_page_number": must(integer(least=1)), **_FILE}
        ),
        "content_block_location": member(
            {**_CITED, "end_block_index": must(integer()), "start_block_index": _INDEX, **_FILE}
        ),
        "web_search_result_location": member(
            {
                "cited_text": must(string),
                "encrypted_index": must(string),
                # The limit of the schema, 255, is left out: titles come from the service itself.
                "title": Key(string, required=True, nullable=True),
                "url": must(string),
            }
        ),
        "search_result_location": member(
            {
                "cited_text": must(string),
                "end_block_index": must(integer()),
                "search_result_index": _INDEX,
                "source": must(string),
                "start_block_index": _INDEX,
                "title": Key(string, required=True, nullable=True),
            }
        ),
    }
)
#: Whether citations are asked for.
CITING: Final = record({"enabled": may(boolean)})

#: An empty text has the right shape; other words are told of it.
TEXT: Final = member({"text": must(string), **CACHED, "citations": may(listing(CITATION))})

_URL: Final = member({"url": must(string)})
_STORED: Final = member({"file_id": must(string)})
_SOURCES: Final = {"file": _FILES, "url": _ADDRESSES}

IMAGE: Final = member(
    {
        "source": must(
            tagged(
                {
                    "base64": member(
                        {
                            "data": must(string),
                            "media_type": must(one_of("image/jpeg", "image/png", "image/gif", "image/webp")),
                        }
                    ),
                    "file": _STORED,
                    "url": _URL,
                },
                known=_SOURCES,
            )
        ),
        **CACHED,
        "transformations": may(record({"oversized_image": may(one_of("downsize", "error"))})),
    }
)

_INLINE: Final = tagged({"text": TEXT, "image": IMAGE})

DOCUMENT: Final = member(
    {
        "source": must(
            tagged(
                {
                    "base64": member({"data": must(string), "media_type": must(one_of("application/pdf"))}),
                    "content": member({"content": must(text_or(listing(_INLINE)))}),
                    "file": _STORED,
                    "text": member({"data": must(string), "media_type": must(one_of("text/plain"))}),
                    "url": _URL,
                },
                known=_SOURCES,
            )
        ),
        **CACHED,
        "citations": may(CITING),
        "context": may(text(least=1)),
        "title": may(text(least=1, most=500)),
    }
)

SEARCH_RESULT: Final = member(
    {
        "content": must(listing(tagged({"text": TEXT}))),
        "source": must(string),
        "title": must(string),
        **CACHED,
        "citations": may(CITING),
    }
)
