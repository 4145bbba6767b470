"""Benchmarks behind `faultline bench`: what is measured, medians, and the share of a limit."""
