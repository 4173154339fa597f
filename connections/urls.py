"""Paths of connections."""

from django.urls import path

from connections import api

# Ids are text here: what is none gets the same answer as one that is missing.
urlpatterns = [
    path("api/connections/", api.ConnectionsView.as_view(), name="connections"),
    path("api/connections/requests/", api.RequestsView.as_view(), name="connection-requests"),
    path(
        "api/connections/requests/<str:request_id>/accept/", api.AcceptView.as_view(), name="request-accept"
    ),
    path(
        "api/connections/requests/<str:request_id>/decline/",
        api.DeclineView.as_view(),
        name="request-decline",
    ),
    path(
        "api/connections/requests/<str:request_id>/withdraw/",
        api.WithdrawView.as_view(),
        name="request-withdraw",
    ),
    path("api/connections/<str:user_id>/", api.ConnectionView.as_view(), name="connection"),
    path("api/blocks/", api.BlocksView.as_view(), name="blocks"),
    path("api/blocks/<str:user_id>/", api.BlockView.as_view(), name="block"),
]
