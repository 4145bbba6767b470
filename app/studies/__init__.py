"""Studies: questions that take many runs (sweeps, reverse stresses, rare losses, portfolios)."""
