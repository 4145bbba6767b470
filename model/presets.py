"""Shapes of the transformer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.codec import BINS
from model.tokenizer import ASSET_CONTEXTS, PRESET_CONTEXTS, Preset


class ModelSettings(BaseModel):
    """Shape of a TradeFM: a Llama-style decoder over order-flow events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: Preset = "touch"
    contexts: tuple[str, ...] | None = Field(
        default=None, description="a subset of the contexts of `tokens`, in their order"
    )
    margins: Literal["none", "asset"] = Field(
        default="asset", description="how often sub-tokens occur: learned, or the asset's own"
    )
    head: Literal["factored", "composite"] = Field(
        default="factored", description="five autoregressive sub-token heads, or one of 16,384"
    )
    d_model: int = Field(default=128, ge=8, le=16_384)
    layers: int = Field(default=6, ge=1, le=256)
    heads: int = Field(default=4, ge=1, le=256, description="query heads")
    kv_heads: int = Field(default=1, ge=1, le=256, description="key and value heads (GQA)")
    d_ff: int = Field(default=344, ge=8, le=65_536)
    window: int = Field(
        default=128, ge=2, le=65_536, description="attention span in events (sliding window)"
    )
    token_embedding: int = Field(
        default=24, ge=1, le=16_384, description="width of each token table"
    )
    context_embedding: int = Field(
        default=8, ge=1, le=16_384, description="width of each context table"
    )
    head_hidden: int = Field(
        default=128, ge=1, le=65_536, description="hidden width of a sub-token head"
    )
    rope_base: float = Field(default=10_000.0, gt=0, allow_inf_nan=False)
    dropout: float = Field(default=0.1, ge=0, lt=1)

    @property
    def context_names(self) -> tuple[str, ...]:
        """The contexts that are used: all of `tokens`, or those chosen."""
        return PRESET_CONTEXTS[self.tokens] if self.contexts is None else self.contexts

    @model_validator(mode="after")
    def _known_contexts(self) -> ModelSettings:
        names = PRESET_CONTEXTS["touch"]
        if self.contexts is not None and list(self.contexts) != [
            name for name in names if name in self.contexts
        ]:
            raise ValueError(f"contexts: use some of {', '.join(names)}, in this order")
        return self

    @model_validator(mode="after")
    def _divides(self) -> ModelSettings:
        if self.d_model % self.heads or self.heads % self.kv_heads:
            raise ValueError("d_model must be a multiple of heads, and heads of kv_heads")
        if (self.d_model // self.heads) % 2:
            raise ValueError("d_model / heads must be even (rotary embedding)")
        return self


def queue_columns(settings: ModelSettings) -> list[int]:
    """Input columns of the contexts `bid_size` and `ask_size`; empty where they are not used."""
    names = settings.context_names
    first = (1 if settings.head == "composite" else len(BINS)) + ASSET_CONTEXTS
    wanted = [first + i for i, name in enumerate(names) if name in ("bid_size", "ask_size")]
    return wanted if len(wanted) == 2 else []


PRESETS: dict[str, ModelSettings] = {
    "tiny": ModelSettings(d_model=32, layers=2, heads=2, d_ff=64, window=32, head_hidden=32),
    "small": ModelSettings(),
    # 25 million weights, for a GPU; train it on sequences of at least 1,024 events.
    "medium": ModelSettings(
        d_model=512, layers=8, heads=8, kv_heads=2, d_ff=1536, window=512, head_hidden=256
    ),
    # The paper's: 32 layers, 32 heads, width 1,024, context 1,024; KV heads and d_ff are inferred.
    "tradefm-524m": ModelSettings(
        tokens="paper", margins="none", head="composite", d_model=1024, layers=32, heads=32,
        kv_heads=8, d_ff=4096, window=1024, token_embedding=1024, context_embedding=1024,
        dropout=0.0,
    ),
}  # fmt: skip
