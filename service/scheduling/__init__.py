"""When a job fires: one timer task per enabled CRON job."""
