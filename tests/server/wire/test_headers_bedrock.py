from __future__ import annotations

from windtunnel_server.wire import headers_bedrock

AT = 1787150075.0


def test_an_answer_in_one_piece_has_the_recorded_headers_in_order() -> None:
    assert headers_bedrock.whole(AT, "8dfd77f5", 7) == (
        ("Date", "Wed, 19 Aug 2026 14:34:35 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Length", "7"),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", "8dfd77f5"),
    )


def test_only_the_stream_of_invoke_names_what_its_chunks_hold() -> None:
    invoke, converse = (dict(headers_bedrock.streamed(AT, "id", invoke=one)) for one in (True, False))

    assert invoke["X-Amzn-Bedrock-Content-Type"] == "application/json"
    assert "X-Amzn-Bedrock-Content-Type" not in converse
    assert invoke["Content-Type"] == converse["Content-Type"] == "application/vnd.amazon.eventstream"


def test_counts_stand_where_the_usage_has_them() -> None:
    shown = headers_bedrock.counts(
        {"input_tokens": 4, "output_tokens": 10, "cache_read_input_tokens": 9}, latency_s=1.18
    )

    assert shown == (
        ("X-Amzn-Bedrock-Invocation-Latency", "1180"),
        ("X-Amzn-Bedrock-Input-Token-Count", "4"),
        ("X-Amzn-Bedrock-Output-Token-Count", "10"),
        ("X-Amzn-Bedrock-Cache-Read-Input-Token-Count", "9"),
    )


def test_an_error_names_its_exception_and_who_spoke() -> None:
    assert headers_bedrock.error_type("ThrottlingException", "http://x/") == (
        ("x-amzn-ErrorType", "ThrottlingException:http://x/"),
    )
