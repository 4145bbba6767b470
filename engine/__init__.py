"""Order book, simulator, closed loop, scenarios, risk and runs."""
