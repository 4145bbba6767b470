"""Where the chunks of a run are played: on this machine, or on those of a Ray cluster."""

from app.backends.backend import BACKENDS, Backend, open_backend
from app.backends.local import LocalBackend

__all__ = ["BACKENDS", "Backend", "LocalBackend", "open_backend"]
