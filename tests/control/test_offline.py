"""What is told without a node is JSON with the fields in their order."""

from __future__ import annotations

from p2pchat.control.offline import ForgeryInfo, TranscriptInfo


def test_a_forgery_is_one_record() -> None:
    true = TranscriptInfo(name="true", accepted=True, cells=7, guest_said=["hi"])
    record = ForgeryInfo(guest="aa", host="bb", transcripts=[true]).as_record()
    assert list(record) == ["type", "guest", "host", "transcripts"]
    assert record["type"] == "forge"
    assert record["transcripts"] == [{"name": "true", "accepted": True, "cells": 7, "guest_said": ["hi"]}]
