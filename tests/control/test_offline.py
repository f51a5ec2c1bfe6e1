"""What is told without a node is JSON with the fields in their order."""

from __future__ import annotations

from p2pchat.control.offline import ForgeryInfo, GuestReferenceInfo, TranscriptInfo


def test_a_forgery_is_one_record() -> None:
    reaction = GuestReferenceInfo(kind="reaction", text="👍", of=None)
    true = TranscriptInfo(name="true", accepted=True, cells=7, guest_said=["hi"], guest_referred=[reaction])
    record = ForgeryInfo(guest="aa", host="bb", transcripts=[true]).as_record()
    assert list(record) == ["type", "guest", "host", "transcripts"]
    assert record["type"] == "forge"
    referred = [{"kind": "reaction", "text": "👍", "of": None}]
    shown = {"name": "true", "accepted": True, "cells": 7, "guest_said": ["hi"], "guest_referred": referred}
    assert record["transcripts"] == [shown]
