"""The bundled fonts, for pages that need no other file."""

from __future__ import annotations

import base64
from importlib.resources import files

FONTS = {400: "Inter-Regular.otf", 600: "Inter-SemiBold.otf"}


def embedded_fonts() -> dict[int, str]:
    """Fonts by weight, each in base64."""
    folder = files("assets") / "fonts"
    return {
        weight: base64.b64encode((folder / name).read_bytes()).decode()
        for weight, name in FONTS.items()
    }
