"""What happens after a fire: claim, run, record, lease."""
