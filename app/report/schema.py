"""The JSON schema of `report.json`, as it is published."""

from __future__ import annotations

import json

from app.report.stress_report import StressReport


def schema_text() -> str:
    """JSON Schema (draft 2020-12) of the report as it is written, with a final line feed."""
    schema = StressReport.model_json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(head | schema, indent=1) + "\n"
