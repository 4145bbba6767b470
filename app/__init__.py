"""What a person touches: command line, dashboard, charts and reports."""
