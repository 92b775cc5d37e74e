"""Calendars, sessions and time zones: the only place that knows an opening hour."""
