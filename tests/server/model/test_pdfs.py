"""PDFs, looked at without parsing."""

from __future__ import annotations

import pytest

from windtunnel_server.model.pdfs import Pdf, look
from windtunnel_server.model.validation.drawings import pdf, written


@pytest.mark.parametrize("pages", [0, 1, 250])
def test_pages_are_counted(pages: int) -> None:
    assert look(written(pdf(pages))) == Pdf(is_pdf=True, pages=pages)


def test_pages_of_former_states_of_a_file_do_not_count() -> None:
    changed = pdf(3) + b"\n4 0 obj <</Type /Page /Parent 2 0 R>> endobj\n%%EOF"

    assert look(written(changed)) == Pdf(is_pdf=True, pages=3)


def test_an_encrypted_one_is_known() -> None:
    assert look(written(pdf(1, locked=True))) == Pdf(is_pdf=True, is_encrypted=True, pages=1)


def test_words_about_encryption_are_none() -> None:
    talking = pdf(1).replace(b"%%EOF", b"(the key /Encrypt is not used) %%EOF")

    assert look(written(talking)) == Pdf(is_pdf=True, pages=1)


def test_the_header_may_stand_behind_other_bytes_but_has_to_be_there() -> None:
    assert look(written(b"\xef\xbb\xbf\n" + pdf(1))) == Pdf(is_pdf=True, pages=1)
    assert look(written(b"<html></html>")) == Pdf(is_pdf=False)


def test_what_is_no_base64_is_not_seen() -> None:
    assert look("A") is None
