"""The shapes of what server tools gave, as it comes back with the conversation.

Most contents are unions without a tag, so that a fault in any is told as one of the first member, by its class (reported
of web search, web fetch and tool search, `unions.py`; the class names of the others are unverified).
"""

from __future__ import annotations

from typing import Final

from windtunnel_server.model.validation.parts import CACHED, DOCUMENT
from windtunnel_server.model.validation.shape import (
    Shape,
    boolean,
    integer,
    listing,
    may,
    must,
    one_of,
    record,
    string,
    text,
)
from windtunnel_server.model.validation.unions import either, member, tagged

ID: Final = text(pattern="^[a-zA-Z0-9_-]+$")
#: Reported: `messages.1.content.0.server_tool_use.id: String should match pattern '^srvtoolu_[a-zA-Z0-9_]+$'`. A result's
#: own pattern is left to the rule that pairs it with its call.
SERVER_ID: Final = text(pattern="^srvtoolu_[a-zA-Z0-9_]+$")

_FAILURES: Final = ("invalid_tool_input", "unavailable", "too_many_requests", "execution_time_exceeded")

CALLER: Final = tagged(
    {
        "direct": member({}),
        "code_execution_20250825": member({"tool_id": must(SERVER_ID)}),
        "code_execution_20260120": member({"tool_id": must(SERVER_ID)}),
        # Not in the SDK's types of September 2026, which have it among the callers a tool allows.
        "code_execution_20260521": member({"tool_id": must(SERVER_ID)}),
    }
)


def _typed(name: str, **keys: Shape) -> Shape:
    """Make an untagged union's member, whose `type` is its own name; keys are required."""
    return record({**{key: must(shape) for key, shape in keys.items()}, "type": must(one_of(name))})


def _failed(name: str, *codes: str) -> Shape:
    # Answers may have `error_message`; the service took it for an extra input once, and the SDK has it now.
    return record(
        {"error_code": must(one_of(*codes)), "type": must(one_of(f"{name}_error")), "error_message": may(string)}
    )


def _result(content: Shape, *, called: bool = False) -> Shape:
    keys = {"content": must(content), "tool_use_id": must(ID), **CACHED}
    return member({**keys, "caller": may(CALLER)} if called else keys)


def _ran(name: str) -> dict[str, Shape]:
    """The keys of a run: what it wrote, and the files it left."""
    files = listing(_typed(name, file_id=string))
    return {"content": files, "return_code": integer(), "stderr": string}


_WEB_SEARCH: Final = either(
    {
        "list[RequestWebSearchResultBlock]": listing(
            record(
                {
                    "encrypted_content": must(string),
                    "title": must(string),
                    "type": must(one_of("web_search_result")),
                    "url": must(string),
                    "page_age": may(string),
                }
            )
        ),
        "RequestWebSearchToolResultError": _failed(
            "web_search_tool_result",
            "invalid_tool_input",
            "unavailable",
            "max_uses_exceeded",
            "too_many_requests",
            "query_too_long",
            "request_too_large",
        ),
    }
)

_WEB_FETCH: Final = either(
    {
        "RequestWebFetchToolResultError": _failed(
            "web_fetch_tool_result",
            "invalid_tool_input",
            "url_too_long",
            "url_not_allowed",
            "url_not_in_prior_context",
            "url_not_accessible",
            "unsupported_content_type",
            "too_many_requests",
            "max_uses_exceeded",
            "unavailable",
            "content_too_large",
        ),
        "RequestWebFetchResultBlock": record(
            {
                "content": must(DOCUMENT),
                "type": must(one_of("web_fetch_result")),
                "url": must(string),
                "retrieved_at": may(string),
            }
        ),
    }
)

_CODE: Final = either(
    {
        "RequestCodeExecutionToolResultError": _failed("code_execution_tool_result", *_FAILURES),
        "RequestCodeExecutionResultBlock": _typed(
            "code_execution_result", stdout=string, **_ran("code_execution_output")
        ),
        "RequestEncryptedCodeExecutionResultBlock": _typed(
            "encrypted_code_execution_result", encrypted_stdout=string, **_ran("code_execution_output")
        ),
    }
)

_BASH: Final = either(
    {
        "RequestBashCodeExecutionToolResultError": _failed(
            "bash_code_execution_tool_result", *_FAILURES, "output_file_too_large"
        ),
        "RequestBashCodeExecutionResultBlock": _typed(
            "bash_code_execution_result", stdout=string, **_ran("bash_code_execution_output")
        ),
    }
)

_EDITOR: Final = either(
    {
        "RequestTextEditorCodeExecutionToolResultError": _failed(
            "text_editor_code_execution_tool_result", *_FAILURES, "file_not_found"
        ),
        "RequestTextEditorCodeExecutionViewResultBlock": record(
            {
                "content": must(string),
                "file_type": must(one_of("text", "image", "pdf")),
                "type": must(one_of("text_editor_code_execution_view_result")),
                "num_lines": may(integer()),
                "start_line": may(integer()),
                "total_lines": may(integer()),
            }
        ),
        "RequestTextEditorCodeExecutionCreateResultBlock": _typed(
            "text_editor_code_execution_create_result", is_file_update=boolean
        ),
        "RequestTextEditorCodeExecutionStrReplaceResultBlock": record(
            {
                "type": must(one_of("text_editor_code_execution_str_replace_result")),
                "lines": may(listing(string)),
                "new_lines": may(integer()),
                "new_start": may(integer()),
                "old_lines": may(integer()),
                "old_start": may(integer()),
            }
        ),
    }
)

#: A tool by its name, where a search found it or a client tool's result brings it.
TOOL_REFERENCE: Final = member({"tool_name": must(text(least=1)), **CACHED})

_TOOL_SEARCH: Final = either(
    {
        "RequestToolSearchToolResultError": _failed("tool_search_tool_result", *_FAILURES),
        "RequestToolSearchToolSearchResultBlock": _typed(
            "tool_search_tool_search_result", tool_references=listing(TOOL_REFERENCE)
        ),
    }
)

_ADVISOR: Final = either(
    {
        "RequestAdvisorToolResultError": _failed(
            "advisor_tool_result",
            "max_uses_exceeded",
            "prompt_too_long",
            "too_many_requests",
            "overloaded",
            "unavailable",
            "execution_time_exceeded",
            "model_not_found",
        ),
        "RequestAdvisorResultBlock": record(
            {"text": must(string), "type": must(one_of("advisor_result")), "stop_reason": may(string)}
        ),
        "RequestAdvisorRedactedResultBlock": record(
            {
                "encrypted_content": must(string),
                "type": must(one_of("advisor_redacted_result")),
                "stop_reason": may(string),
            }
        ),
    }
)

RESULTS: Final = {
    "web_search_tool_result": _result(_WEB_SEARCH, called=True),
    "web_fetch_tool_result": _result(_WEB_FETCH, called=True),
    "code_execution_tool_result": _result(_CODE),
    "bash_code_execution_tool_result": _result(_BASH),
    "text_editor_code_execution_tool_result": _result(_EDITOR),
    "tool_search_tool_result": _result(_TOOL_SEARCH),
    "advisor_tool_result": _result(_ADVISOR),
}
