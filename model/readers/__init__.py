"""Readers: a recording on disk in, `model.events.Recording` out."""

from model.readers.bitstamp import read_bitstamp
from model.readers.lobster import read_lobster

__all__ = ["read_bitstamp", "read_lobster"]
