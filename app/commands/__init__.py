"""The commands of `faultline`, one a file; what one computes with is imported when it runs."""
