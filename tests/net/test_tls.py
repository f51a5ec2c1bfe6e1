"""The system's authorities are trusted, and those that a person has named."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from p2pchat.errors import NetworkError
from p2pchat.net.tls import tls_context
from tests.support.certificates import certificate


def test_names_and_certificates_are_checked() -> None:
    context = tls_context(None)
    assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED
    assert tls_context(None) is context, "loading the authorities takes long"


def test_a_named_authority_is_trusted_beside_the_systems(tmp_path: Path) -> None:
    chain, _ = certificate(tmp_path, "place.example.org")
    own = tls_context(str(chain)).cert_store_stats()["x509"]
    assert own == tls_context(None).cert_store_stats()["x509"] + 1


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_without_certificates_is_named(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(NetworkError, match=f"ca-file, {path}"):
        tls_context(str(path))
