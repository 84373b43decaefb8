"""Verbs for transcripts: record what sources ask and are told, replay it."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Nothing yet: waits for the record and replay transports."""
