"""WebSocket routes of chat."""

from chat.consumers import AllMessagesConsumer, MessagesConsumer

websocket_urlpatterns = [MessagesConsumer.route(), AllMessagesConsumer.route()]
