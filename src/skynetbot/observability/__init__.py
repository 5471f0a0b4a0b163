"""What the bot tells about itself: metrics, logs, readiness."""
