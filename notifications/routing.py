"""WebSocket routes of notifications."""

from notifications.consumers import NotificationsConsumer

websocket_urlpatterns = [NotificationsConsumer.route()]
