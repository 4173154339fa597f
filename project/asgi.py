"""What an ASGI server runs: HTTP by Django, WebSockets by Kith."""

import os

from channels.routing import URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
http = get_asgi_application()  # loads the apps; the imports below need their models

from project.routing import websocket_urlpatterns
from realtime.origins import OriginMiddleware
from realtime.server import kith_application

application = kith_application(http=http, websocket=OriginMiddleware(URLRouter(websocket_urlpatterns)))
