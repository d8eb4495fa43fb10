"""Fieldcast for Python: live documents and events, kept in step."""
from .client import Client, Ended, Event, Watch
from .session import Session, Subscription
from .values import Custom, Refused, Time

__all__ = ["Client", "Custom", "Ended", "Event", "Refused", "Session", "Subscription", "Time",
           "Watch"]
