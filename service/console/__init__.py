"""The web console: its source in TypeScript, and what builds it. Only the standard library is used here."""
