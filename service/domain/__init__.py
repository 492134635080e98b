"""Our words and rules; no I/O and no import from the rest of the service."""
