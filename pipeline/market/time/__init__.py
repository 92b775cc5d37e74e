"""Calendars, sessions and time zones. Nothing outside this room knows an opening hour."""
