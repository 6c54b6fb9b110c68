"""The recording proxy relays bytes as they come, and takes down what they were."""

from __future__ import annotations

import socket

import pytest

from windtunnel.cassette.interaction import Response
from windtunnel.cassette.record.proxy import Proxy, ProxyError

ASK = b"POST /v1/messages HTTP/1.1\r\nHost: here:1\r\nX-Api-Key: k\r\ncontent-Length: 4\r\n\r\nbody"
HEAD = b"HTTP/1.1 200 Fine by me\r\nDate: now\r\nX-B: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = HEAD + b"3\r\none\r\n5;x=y\r\nthree\r\n0\r\nT: 1\r\n\r\n"


def test_an_answer_leaves_as_it_came_byte_for_byte(canned, proxied, dialled):
    upstream = canned([WHOLE])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK)

    assert client.until(b"T: 1\r\n\r\n") == WHOLE


def test_a_request_goes_on_as_it_was_but_for_the_host(canned, proxied, dialled):
    upstream = canned([WHOLE])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK)
    client.until(b"T: 1\r\n\r\n")

    assert upstream.requests == [ASK.replace(b"here:1", upstream.url.partition("://")[2].encode())]


def test_an_interaction_holds_what_went_over_the_wire(canned, proxied, dialled, kept):
    upstream = canned([WHOLE])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK)
    (taken,) = kept.wait_for(1)

    assert (taken.request.method, taken.request.uri) == ("POST", upstream.url + "/v1/messages")
    assert (taken.request.body, taken.request.headers[1:]) == (b"body", (("X-Api-Key", "k"), ("content-Length", "4")))
    assert (taken.response.status, taken.response.reason, taken.response.body) == (200, "Fine by me", b"onethree")
    assert [name for name, _ in taken.response.headers] == ["Date", "X-B", "x-a", "Transfer-Encoding"]
    assert (taken.response.ended, taken.provider) == ("complete", "anthropic")
    assert [arrival.size for arrival in taken.response.arrivals] == [3, 5]
    assert taken.recorded_at is not None


def test_the_first_piece_is_through_before_the_next_has_left(canned, proxied, dialled, kept, gated):
    gate = gated()
    upstream = canned([HEAD + b"3\r\none\r\n", gate, b"5\r\nthree\r\n0\r\n\r\n"])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK)
    first = client.until(b"one\r\n")
    gate.open()
    rest = client.until(b"0\r\n\r\n")

    assert (first, rest) == (HEAD + b"3\r\none\r\n", b"5\r\nthree\r\n0\r\n\r\n")
    first_came, second_came = kept.wait_for(1)[0].response.arrivals
    assert 0 <= first_came.at_s < second_came.at_s


def test_a_request_body_is_relayed_while_it_comes(canned, proxied, dialled, kept):
    upstream = canned([WHOLE])
    client = dialled(proxied(upstream.url).url)

    client.send(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(3):
        client.send(b"2\r\nhi\r\n")
    client.send(b"0\r\n\r\n")

    assert kept.wait_for(1)[0].request.body == b"hihihi" == upstream.bodies[0]


def test_a_connection_is_kept_for_the_next_request(canned, proxied, dialled, kept):
    upstream = canned([WHOLE], [b"HTTP/1.1 204 No Content\r\n\r\n"])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK)
    client.until(b"T: 1\r\n\r\n")
    client.send(b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n")
    second = client.until(b"\r\n\r\n")

    assert (second, upstream.connections) == (b"HTTP/1.1 204 No Content\r\n\r\n", 1)
    assert [one.request.uri.rpartition("/")[2] for one in kept.wait_for(2)] == ["messages", "x"]


def test_requests_with_bodies_follow_one_another(canned, proxied, dialled, kept):
    upstream = canned(*[[WHOLE]] * 3)
    client = dialled(proxied(upstream.url).url)

    for _ in range(3):
        client.send(ASK)
        assert client.until(b"T: 1\r\n\r\n") == WHOLE

    assert ([one.request.body for one in kept.wait_for(3)], upstream.connections) == ([b"body"] * 3, 1)


def test_an_answer_may_come_before_all_was_asked(proxied, dialled, kept):
    refused = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = dialled(proxied(f"http://127.0.0.1:{listener.getsockname()[1]}").url)
        client.send(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf")
        upstream, _ = listener.accept()
        with upstream:
            seen = b""
            while not seen.endswith(b"half"):
                seen += upstream.recv(65536)
            upstream.sendall(refused)

            assert client.to_end() == (refused, "closed")

    assert (kept.wait_for(1)[0].response.status, kept[0].request.body) == (413, b"half")


def test_requests_sent_in_one_go_are_answered_in_turn(canned, proxied, dialled, kept):
    upstream = canned([WHOLE], [b"HTTP/1.1 204 No Content\r\n\r\n"])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK + b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n")

    assert client.until(b"No Content\r\n\r\n") == WHOLE + b"HTTP/1.1 204 No Content\r\n\r\n"
    assert [one.request.body for one in kept.wait_for(2)] == [b"body", b""]


def test_interim_answers_are_relayed_and_left_out(canned, proxied, dialled, kept):
    upstream = canned([b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", WHOLE])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK)

    assert client.until(b"T: 1\r\n\r\n").startswith(b"HTTP/1.1 103 Early Hints")
    assert kept.wait_for(1)[0].response.status == 200


def test_the_answer_to_head_has_a_length_and_no_body(canned, proxied, dialled, kept):
    upstream = canned([b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"])
    client = dialled(proxied(upstream.url).url)

    client.send(b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")

    assert (kept.wait_for(1)[0].response.body, kept[0].response.ended) == (b"", "complete")


@pytest.mark.parametrize(("how", "seen", "ended"), [("reset", "reset", "reset"), ("close", "closed", "cut")])
def test_an_answer_that_breaks_off_does_so_for_the_client(canned, proxied, dialled, kept, how, seen, ended, gated):
    gate = gated()
    upstream = canned([HEAD + b"3\r\none\r\n", gate, how])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK)
    came = client.until(b"one\r\n")
    gate.open()

    assert (came, client.to_end()) == (HEAD + b"3\r\none\r\n", (b"", seen))
    assert (kept.wait_for(1)[0].response.ended, kept[0].response.body) == (ended, b"one")


@pytest.mark.parametrize(("how", "seen", "ended"), [("reset", "reset", "reset"), ("close", "closed", "cut")])
def test_no_answer_at_all_is_one_of_status_0(canned, proxied, dialled, kept, how, seen, ended):
    client = dialled(proxied(canned([how]).url).url)

    client.send(ASK)

    assert client.to_end() == (b"", seen)
    assert (kept.wait_for(1)[0].response.status, kept[0].response.ended) == (0, ended)


def test_what_came_right_before_a_reset_is_not_lost(canned, proxied, dialled, kept):
    client = dialled(proxied(canned([HEAD + b"3\r\none\r\n", "reset"]).url).url)

    client.send(ASK)

    # The system may drop what it holds when a reset overtakes it, directly too: but never here what it had handed over.
    came, how = client.to_end()
    assert how == "reset"
    assert kept.wait_for(1)[0].response.body == (b"one" if came else b"")


def test_an_answer_without_a_length_ends_with_its_connection(canned, proxied, dialled, kept):
    client = dialled(proxied(canned([b"HTTP/1.1 200 OK\r\n\r\nall of it", "close"]).url).url)

    client.send(ASK)

    assert client.to_end() == (b"HTTP/1.1 200 OK\r\n\r\nall of it", "closed")
    assert (kept.wait_for(1)[0].response.ended, kept[0].response.body) == ("complete", b"all of it")


def test_garbage_is_relayed_and_taken_down_as_far_as_it_can_be_read(canned, proxied, dialled, kept):
    said = HEAD + b"3\r\none\r\nzz\r\n", b"more"
    client = dialled(proxied(canned([*said, "close"]).url).url)

    client.send(ASK)

    assert client.to_end() == (b"".join(said), "closed")
    assert (kept.wait_for(1)[0].response.ended, kept[0].response.body) == ("cut", b"one")


def test_a_client_that_hangs_up_is_taken_down_and_missed_upstream(canned, proxied, dialled, kept, gated):
    gate = gated()
    upstream = canned([HEAD + b"3\r\none\r\n", gate, b"5\r\nthree\r\n", gate, b"0\r\n\r\n"])
    client = dialled(proxied(upstream.url).url)

    client.send(ASK)
    client.until(b"one\r\n")
    client.close()
    (taken,) = kept.wait_for(1)
    gate.open()

    assert (taken.response.ended, taken.response.body) == ("timeout", b"one")


def test_nobody_upstream_is_a_reset_and_taken_down_as_refused(proxied, dialled, kept):
    with socket.create_server(("127.0.0.1", 0)) as shut:
        url = f"http://127.0.0.1:{shut.getsockname()[1]}"
    client = dialled(proxied(url).url)

    client.send(ASK)

    assert client.to_end() == (b"", "reset")
    assert (kept.wait_for(1)[0].response.status, kept[0].response.ended) == (0, "refused")
    assert kept[0].request.body == b"body"


def test_a_refused_request_is_taken_down_whole_however_it_comes(proxied, dialled, kept):
    with socket.create_server(("127.0.0.1", 0)) as shut:
        url = f"http://127.0.0.1:{shut.getsockname()[1]}"
    client = dialled(proxied(url).url)

    client.send(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\non")
    client.send(b"e\r\n3\r\ntwo\r\n0\r\n\r\n")

    assert client.to_end() == (b"", "reset")
    assert kept.wait_for(1)[0].request.body == b"onetwo"


def test_an_upstream_that_closes_an_idle_connection_closes_the_clients(canned, proxied, dialled, gated):
    gate = gated()
    client = dialled(proxied(canned([WHOLE, gate, "close"]).url).url)

    client.send(ASK)
    client.until(b"T: 1\r\n\r\n")
    gate.open()

    assert client.to_end() == (b"", "closed")


def test_what_comes_behind_an_answer_is_passed_on(canned, proxied, dialled, kept, gated):
    gate = gated()
    client = dialled(proxied(canned([WHOLE, gate, b"litter", "close"]).url).url)

    client.send(ASK)
    client.until(b"T: 1\r\n\r\n")
    gate.open()

    assert client.to_end() == (b"litter", "closed")
    assert kept.wait_for(1)[0].response.body == b"onethree"


def test_large_bodies_pass_whole_both_ways(canned, proxied, dialled, kept):
    asked, said = b"a" * 5_000_000, b"b" * 5_000_000
    upstream = canned([b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(said) + said])
    client = dialled(proxied(upstream.url).url)

    client.send(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(asked) + asked)
    came = client.until(b"b" * 10, at_least=len(said) + 20)

    assert (upstream.bodies, came[-len(said) :]) == ([asked], said)
    assert (kept.wait_for(1)[0].request.body, kept[0].response.body) == (asked, said)


def test_a_door_is_taken_off_the_path_and_names_the_provider(canned, proxied, dialled, kept):
    upstream = canned([WHOLE])
    client = dialled(proxied(upstream.url, provider="foundry").url)

    client.send(ASK.replace(b"/v1", b"/foundry/anthropic/v1"))
    (taken,) = kept.wait_for(1)

    assert upstream.requests[0].startswith(b"POST /anthropic/v1/messages HTTP/1.1\r\n")
    assert (taken.provider, taken.request.uri) == ("foundry", upstream.url + "/anthropic/v1/messages")


def test_a_path_without_a_door_is_refused_in_words(canned, proxied, dialled, kept):
    told: list[str] = []
    client = dialled(proxied(canned().url, provider="vertex", told=told).url)

    client.send(ASK)

    said, _ = client.to_end()
    assert said.startswith(b"HTTP/1.1 502") and b"x-should-retry: false" in said
    assert told == ["/v1/messages: no door; on offer: /vertex for vertex"]
    assert kept == []


def test_the_exchange_of_tokens_belongs_to_no_provider(canned, proxied, dialled, kept):
    client = dialled(proxied(canned([WHOLE]).url).url)

    client.send(ASK.replace(b"/v1/messages", b"/v1/oauth/token"))

    assert kept.wait_for(1)[0].provider == ""


def test_an_answer_at_hand_is_played_and_nothing_goes_upstream(canned, proxied, dialled, kept):
    headers = (("Transfer-Encoding", "chunked"), ("X-A", "b"))
    recorded = Response(status=200, reason="OK", headers=headers, body=b"onethree")
    upstream = canned()
    client = dialled(proxied(upstream.url, answer=lambda request: recorded).url)

    client.send(ASK)

    expected = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n8\r\nonethree\r\n0\r\n\r\n"
    assert client.until(b"0\r\n\r\n") == expected
    assert (upstream.connections, kept) == (0, [])


def test_a_request_without_an_answer_at_hand_goes_upstream_whole(canned, proxied, dialled, kept):
    upstream = canned([WHOLE])
    client = dialled(proxied(upstream.url, answer=lambda request: None).url)

    client.send(ASK[:-2])
    client.send(ASK[-2:])

    assert kept.wait_for(1)[0].request.body == b"body" == upstream.bodies[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_it_listens_on_loopback_only(host):
    with pytest.raises(ProxyError, match="loopback only"):
        Proxy({}, lambda interaction: None, host=host)
