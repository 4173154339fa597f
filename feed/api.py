"""REST of feed (PROTOCOL §8). A view parses, asks a selector or a service, and shows."""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feed import selectors, services
from feed import serializers as shapes
from feed.models import Comment, Post
from realtime.errors import Forbidden
from realtime.fields import PageIn
from realtime.rest import checked, listed, made, parse_id

POST_ID = OpenApiParameter("post_id", int, OpenApiParameter.PATH)
COMMENT_ID = OpenApiParameter("comment_id", int, OpenApiParameter.PATH)


class FeedView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="My feed", operation_id="feed_list", parameters=[PageIn], responses=shapes.PostsOut
    )
    def get(self, request: Request) -> Response:
        """My posts and those of my connections, the newest first."""
        asked = checked(PageIn(data=request.query_params))
        return listed(request, asked, selectors.post_entries, shapes.PostOut, place=attrgetter("post.pk"))


class PostsView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Post",
        operation_id="posts_create",
        request=shapes.PostIn,
        responses={200: shapes.PostMade, 201: shapes.PostMade},
    )
    def post(self, request: Request) -> Response:
        """The same `ref` again answers the first post, with 200, also when it was deleted since."""
        asked = checked(shapes.PostIn(data=request.data))
        post_id, duplicate = services.post_create(author=request.user, **asked)
        entries = selectors.post_entries(user=request.user, post_id=post_id)
        return made(post_id, shapes.PostOut(entries[0]).data if entries else {}, duplicate)


@extend_schema(parameters=[POST_ID])
class PostView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(summary="One post", operation_id="posts_read", responses=shapes.PostOut)
    def get(self, request: Request, post_id: str) -> Response:
        return self._shown(request, parse_id(post_id))

    @extend_schema(
        summary="Edit a post",
        operation_id="posts_update",
        request=shapes.PostChangeIn,
        responses=shapes.PostOut,
    )
    def patch(self, request: Request, post_id: str) -> Response:
        """By its author. What is left out stays."""
        post = _post(post_id)
        asked = checked(shapes.PostChangeIn(data=request.data))
        services.post_edit(post=post, user=request.user, **asked)
        return self._shown(request, post.pk)

    @extend_schema(summary="Delete a post", operation_id="posts_destroy", responses={204: None})
    def delete(self, request: Request, post_id: str) -> Response:
        """By its author. Comments and reactions go with it."""
        services.post_delete(post=_post(post_id), user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, request: Request, post_id: int) -> Response:
        entries = selectors.post_entries(user=request.user, post_id=post_id)
        if not entries:
            raise Forbidden
        return Response(shapes.PostOut(entries[0]).data)


@extend_schema(parameters=[POST_ID])
class CommentsView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Comments of a post",
        operation_id="posts_comments_list",
        parameters=[PageIn],
        responses=shapes.CommentsOut,
    )
    def get(self, request: Request, post_id: str) -> Response:
        """The newest first."""
        select = partial(selectors.comments_page, post_id=parse_id(post_id))
        asked = checked(PageIn(data=request.query_params))
        return listed(request, asked, select, shapes.CommentOut)

    @extend_schema(
        summary="Comment on a post",
        operation_id="posts_comments_create",
        request=shapes.CommentIn,
        responses={200: shapes.CommentMade, 201: shapes.CommentMade},
    )
    def post(self, request: Request, post_id: str) -> Response:
        """By whoever sees the post. The same `ref` again answers the first comment, with 200."""
        post = _post(post_id)
        asked = checked(shapes.CommentIn(data=request.data))
        comment_id, duplicate = services.comment_create(post=post, author=request.user, **asked)
        comment = selectors.comment(comment_id=comment_id)
        shown = shapes.CommentOut(comment).data if comment else {"post_id": post.pk}
        return made(comment_id, shown, duplicate)


@extend_schema(parameters=[COMMENT_ID])
class CommentView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(summary="Delete a comment", operation_id="comments_destroy", responses={204: None})
    def delete(self, request: Request, comment_id: str) -> Response:
        """By its author, or the post's."""
        comment = Comment(pk=parse_id(comment_id))
        services.comment_delete(comment=comment, user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(parameters=[POST_ID])
class ReactionsView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="React to a post",
        operation_id="posts_reactions_create",
        request=shapes.ReactionIn,
        responses={200: shapes.ReactionMade, 201: shapes.ReactionMade},
    )
    def post(self, request: Request, post_id: str) -> Response:
        """By whoever sees the post, in place of what their reaction was. The same again: 200."""
        post = _post(post_id)
        asked = checked(shapes.ReactionIn(data=request.data))
        key, duplicate = services.reaction_set(post=post, user=request.user, **asked)
        shown = shapes.ReactionOut(selectors.reaction_state(user=request.user, post_id=post.pk)).data
        return made(key, shown, duplicate)

    @extend_schema(
        summary="Take a reaction back", operation_id="posts_reactions_destroy", responses={204: None}
    )
    def delete(self, request: Request, post_id: str) -> Response:
        """One's own; where there is none, nothing changes."""
        services.reaction_clear(post=_post(post_id), user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _post(post_id: str) -> Post:
    """A handle for the services, which look for themselves whether there is such a post."""
    return Post(pk=parse_id(post_id))
