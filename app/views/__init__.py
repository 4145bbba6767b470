"""Parts of pages: what several pages draw, and what has to be a function."""
