"""HTTP: the admin API and the health checks."""
