"""Settings of the dashboard server and its look: tokens only, light and dark, nothing from outside.

The colours are those of `app.charts.palette` and of the report. `/fonts` is served by `app.server`.
"""

from __future__ import annotations

from typing import Any

_SEQUENTIAL = [
    "#eef4fb", "#d6e5f5", "#b5d0ec", "#8fb7e0", "#679cd2",
    "#4482c2", "#2563b0", "#1d4f8f", "#173d6e", "#112c4f",
]  # fmt: skip

_SHARED: dict[str, Any] = {
    "font": "Inter, 'Source Sans', sans-serif",
    "headingFont": "Inter, 'Source Sans', sans-serif",
    "fontFaces": [
        {"family": "Inter", "url": "/fonts/Inter-Regular.otf", "weight": 400},
        {"family": "Inter", "url": "/fonts/Inter-SemiBold.otf", "weight": 600},
        {"family": "Inter", "url": "/fonts/Inter-Bold.otf", "weight": 700},
    ],
    "baseFontSize": 15,
    "baseRadius": "6px",
    "buttonRadius": "6px",
    "headingFontSizes": ["28px", "21px", "18px", "16px", "15px", "14px"],
    "headingFontWeights": [700, 600, 600, 600, 600, 600],
    "metricValueFontSize": "1.55rem",
    "metricValueFontWeight": 600,
    "paddingTop": "1rem",
    "paddingBottom": "3rem",
}

_LIGHT: dict[str, Any] = {
    "primaryColor": "#2563b0",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f3f6f9",
    "textColor": "#1f2933",
    "linkColor": "#1d4f8f",
    "borderColor": "#cfd8e3",
    "codeTextColor": "#334155",
    "blueColor": "#2563b0",
    "redColor": "#c8372d",
    "orangeColor": "#b8740c",
    "greenColor": "#1f7a4d",
    "grayColor": "#52606d",
    "violetColor": "#7b6f92",
    "chartCategoricalColors": [
        "#2563b0", "#c8372d", "#b8740c", "#7b6f92", "#0f7b6c", "#334155", "#5b8bd0", "#a05252",
    ],
    "chartSequentialColors": _SEQUENTIAL,
    "dataframeHeaderBackgroundColor": "#e8edf3",
    "dataframeHeaderTextColor": "#1f2933",
}  # fmt: skip

_DARK: dict[str, Any] = {
    "primaryColor": "#3b7ad1",
    "backgroundColor": "#10171f",
    "secondaryBackgroundColor": "#1b2530",
    "textColor": "#e6eaef",
    "linkColor": "#8fbcff",
    "borderColor": "#364454",
    "codeTextColor": "#cbd5e1",
    "blueColor": "#6ea8fe",
    "redColor": "#f47c72",
    "orangeColor": "#f2b347",
    "greenColor": "#5fc994",
    "grayColor": "#aab4c0",
    "violetColor": "#b4a7cf",
    "chartCategoricalColors": [
        "#6ea8fe", "#f47c72", "#f2b347", "#b4a7cf", "#4fd1bd", "#cbd5e1", "#9cc3ff", "#e0a0a0",
    ],
    "chartSequentialColors": _SEQUENTIAL[::-1],
    "dataframeHeaderBackgroundColor": "#22303c",
    "dataframeHeaderTextColor": "#e6eaef",
}  # fmt: skip

SERVER: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
    "runner.magicEnabled": False,
    "server.allowedHosts": ["localhost", "127.0.0.1", "::1"],  # against DNS rebinding
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 50,
    "server.showEmailPrompt": False,
}


def settings() -> dict[str, Any]:
    """All settings, in the form that `streamlit.App.run(config=...)` takes."""
    sections = {"theme": _SHARED, "theme.light": _LIGHT, "theme.dark": _DARK}
    return SERVER | {
        f"{section}.{key}": value
        for section, keys in sections.items()
        for key, value in keys.items()
    }
