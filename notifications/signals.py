"""What a project may hang its e-mail or web push on.

    @receiver(notification_created)
    def mail(notification, online, **kwargs):
        if not online: …

Sent after the commit, once for each notification, not when a group grows. A receiver that raises is
logged and stops nobody else. Receivers run on the thread that committed: what takes long is for a task.
"""

from __future__ import annotations

from django.dispatch import Signal

notification_created = Signal()  # sender: Notification; notification, online (bool)
