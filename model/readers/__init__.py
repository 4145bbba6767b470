"""Readers: a recording on disk in, `model.events.Recording` out."""

from model.readers.lobster import read_lobster

__all__ = ["read_lobster"]
