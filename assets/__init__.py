"""Files that ship with Faultline: catalogue, reference profiles, scenarios and models."""
