"""Paths of feed."""

from django.urls import path

from feed import api

# Ids are text here: what is none gets the same answer as one that is missing.
urlpatterns = [
    path("api/feed/", api.FeedView.as_view(), name="feed"),
    path("api/posts/", api.PostsView.as_view(), name="posts"),
    path("api/posts/<str:post_id>/", api.PostView.as_view(), name="post"),
    path("api/posts/<str:post_id>/comments/", api.CommentsView.as_view(), name="post-comments"),
    path("api/posts/<str:post_id>/reactions/", api.ReactionsView.as_view(), name="post-reactions"),
    path("api/comments/<str:comment_id>/", api.CommentView.as_view(), name="comment"),
]
