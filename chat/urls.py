"""Paths of chat."""

from django.urls import path

from chat import api

# Ids are text here: what is none gets the same answer as one that is missing.
urlpatterns = [
    path("api/chats/", api.ChatsView.as_view(), name="chats"),
    path("api/chats/<str:chat_id>/", api.ChatView.as_view(), name="chat"),
    path("api/chats/<str:chat_id>/members/", api.MembersView.as_view(), name="chat-members"),
    path("api/chats/<str:chat_id>/members/<str:user_id>/", api.MemberView.as_view(), name="chat-member"),
    path("api/chats/<str:chat_id>/messages/", api.MessagesView.as_view(), name="chat-messages"),
    path("api/messages/<str:message_id>/", api.MessageView.as_view(), name="message"),
]
