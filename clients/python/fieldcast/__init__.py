"""Fieldcast for Python: live documents and events, kept in step."""
from .client import Client
from .subscription import Ended, Subscription
from .values import Custom, Refused, Time

__all__ = ["Client", "Custom", "Ended", "Refused", "Subscription", "Time"]
