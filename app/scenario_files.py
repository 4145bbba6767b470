"""Stress tests as text: a scenario as YAML, and a whole request as a link."""

from __future__ import annotations

import base64
import binascii
import zlib

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.stress import first_problem
from engine.scenario import SUFFIXES, Scenario, load_scenario, parse_scenario
from engine.scenario_text import read_mapping
from engine.spec import RunSpec
from model.errors import ScenarioError, SpecError

LONGEST_TEXT = 200_000  # characters of a scenario that somebody sends


def scenario_yaml(scenario: Scenario) -> str:
    """A scenario as the text of a file that stands alone: parameters are put in their places."""
    content = scenario.model_dump(mode="json", exclude_defaults=True, exclude={"parameters"})
    content["shocks"] = [
        {"kind": shock.kind} | shock.model_dump(mode="json", exclude_defaults=True)
        for shock in scenario.shocks
    ]
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def read_sent_scenario(text: str, where: str, values: dict[str, float] | None = None) -> Scenario:
    """A scenario from a text that came from outside: it may extend bundled scenarios, no files.

    Raises
    ------
    ScenarioError
        The text is too long, breaks the schema, or extends a file.
    """
    if len(text) > LONGEST_TEXT:
        raise ScenarioError(f"{where}: longer than {LONGEST_TEXT:,} characters; not a scenario")
    parent = read_mapping(text, where, ", ".join(Scenario.model_fields)).get("extends", "")
    if str(parent).endswith(SUFFIXES):
        raise ScenarioError(
            f"{where}: extends: {str(parent)[:60]!r} is a file, which is not read from here; name a"
            " bundled scenario, or put both files into one"
        )
    return parse_scenario(text, where, values)


class SharedTest(BaseModel):
    """What a link carries: assets, scenario and settings of a stress test.

    `scenario` is the name of a bundled scenario with `values` of its parameters, or, where `own` is
    given, that is the text of a scenario of somebody's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    assets: tuple[str, ...] = Field(default=(), max_length=64)
    scenario: str = Field(default="", max_length=64)
    values: dict[str, float] = Field(default={}, max_length=32)
    own: str = Field(default="", max_length=LONGEST_TEXT)
    intensity: float = 1.0
    paths: int = RunSpec.model_fields["paths"].default
    horizon_s: float = RunSpec.model_fields["horizon_s"].default
    seed: int = RunSpec.model_fields["seed"].default
    model: str = Field(default="", max_length=64)

    def load(self) -> Scenario:
        """The scenario; `ScenarioError` where it is not known or breaks the schema."""
        if self.own:
            return read_sent_scenario(self.own, "the scenario of this link", self.values)
        if self.scenario.endswith(SUFFIXES):
            raise ScenarioError("the link names a file, which is not read; share the scenario")
        return load_scenario(self.scenario, self.values)

    def token(self) -> str:
        """The test as text for a link: compressed JSON in base64."""
        content = self.model_dump_json(exclude_defaults=True).encode()
        return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> SharedTest:
        """What `token` made; `SpecError` where it is something else.

        It is unpacked up to a limit only: a small text can be made to unpack to gigabytes.
        """
        try:
            packed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            content = zlib.decompressobj().decompress(packed, 2 * LONGEST_TEXT)
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise SpecError(f"the link cannot be read: {first_problem(error)[:200]}") from None
        except (binascii.Error, ValueError, zlib.error):
            raise SpecError(
                "the link cannot be read: it is cut off or altered; ask for it again"
            ) from None
