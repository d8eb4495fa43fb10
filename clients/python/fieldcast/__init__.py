"""Fieldcast for Python: live documents and events, kept in step."""
from .client import Client
from .encoding import Custom, Refused, Time
from .subscription import Ended, Subscription
__all__ = ["Client", "Custom", "Ended", "Refused", "Subscription", "Time"]
