"""Fieldcast for Python: live documents and events, kept in step."""
from .client import Client
from .session import Ended, Session, Subscription
from .values import Custom, Refused, Time

__all__ = ["Client", "Custom", "Ended", "Refused", "Session", "Subscription", "Time"]
