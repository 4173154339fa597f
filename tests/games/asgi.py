from channels.routing import URLRouter
from django.core.asgi import get_asgi_application

from project.routing import websocket_urlpatterns
from realtime.origins import OriginMiddleware
from realtime.server import kith_application
from tests.games.consumers import ScoresConsumer

application = kith_application(
    http=get_asgi_application(),
    websocket=OriginMiddleware(URLRouter([ScoresConsumer.route(), *websocket_urlpatterns])),
)
