"""What the tutorial would do to keep what is said: one row for each message, saved by the ORM."""
