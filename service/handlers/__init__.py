"""The work that jobs do, and what a handler sees of its run."""
