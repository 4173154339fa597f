"""Writes of notifications.

Services of other apps call them as the last step of what they do, in their transaction. One that notifies
several people first says ``inboxes_hold(user_ids=…)``: inboxes are locked in one order, or two
transactions could wait for each other. (`mentions_notify` sees to those whom it notifies.)
"""

from notifications.services.making import inboxes_hold, notify, type_register
from notifications.services.mentions import mentions_notify, mentions_update
from notifications.services.reading import notifications_mark_read, notifications_read, preferences_set
from notifications.services.withdrawing import (
    causes_withdraw,
    notifications_delete,
    notifications_withdraw,
    pair_separate,
    person_forget,
)

__all__ = [
    "causes_withdraw",
    "inboxes_hold",
    "mentions_notify",
    "mentions_update",
    "notifications_delete",
    "notifications_mark_read",
    "notifications_read",
    "notifications_withdraw",
    "notify",
    "pair_separate",
    "person_forget",
    "preferences_set",
    "type_register",
]
