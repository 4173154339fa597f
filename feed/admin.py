"""Feed in Django's admin. What is saved and deleted here reaches open sockets like anything else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import Truncator

from feed import services
from feed.models import Comment, Post, Reaction
from realtime.admin_pages import ContentForm, ModelAdmin, PicksUsers, count_of

USERNAME = get_user_model().USERNAME_FIELD


class Page(PicksUsers, ModelAdmin):
    """What the three pages have in common."""

    show_full_result_count = False  # counting millions of rows on every search costs more than it tells
    ordering = ("-id",)

    @admin.display(ordering="content")
    def excerpt(self, row: Any) -> str:
        return Truncator(row.content).chars(80)


class DeletedFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Posted"), ("yes", "Tombstone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> QuerySet[Post]:
        if self.value() is None:
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() == "no")


@admin.register(Post)
class PostAdmin(Page):
    form = ContentForm
    list_display = (
        "id",
        "author",
        "excerpt",
        "comment_count",
        "reaction_count",
        "timestamp",
        "edited_at",
        "deleted_at",
    )
    list_filter = (DeletedFilter, ("attachment", admin.EmptyFieldListFilter), "timestamp")
    list_select_related = ("author",)
    search_fields = ("=id", "content", f"author__{USERNAME}")
    search_help_text = "Id, text, or the author's username"
    date_hierarchy = "timestamp"
    user_fields = ("author",)
    fields = ("author", "content", "attachment", "timestamp", "edited_at", "deleted_at")
    readonly_fields = ("timestamp", "edited_at", "deleted_at")
    actions = ("leave_tombstone",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        counts = {
            "comment_number": count_of(Comment.objects.all(), "post"),
            "reaction_number": count_of(Reaction.objects.all(), "post"),
        }
        return super().get_queryset(request).annotate(**counts)

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> tuple[str, ...]:
        if obj is None:
            return self.readonly_fields
        # Only the text of a post may change, and of a tombstone nothing.
        fixed = ("author", "attachment", *self.readonly_fields)
        return (*fixed, "content") if obj.is_deleted else fixed

    def save_model(self, request: HttpRequest, obj: Post, form: forms.ModelForm, change: bool) -> None:
        if change and "content" in form.changed_data:
            obj.edited_at = timezone.now()
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Post) -> None:
        self.delete_queryset(request, Post.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        """Tombstones first: so each tells one event, and what was notified of is withdrawn."""
        keys = [post.pk for post in queryset]
        for key in keys:
            services.post_tombstone(post=Post(pk=key))
        Post.objects.filter(pk__in=keys).delete()

    @admin.display(ordering="comment_number", description="comments")
    def comment_count(self, post: Any) -> int:
        return post.comment_number

    @admin.display(ordering="reaction_number", description="reactions")
    def reaction_count(self, post: Any) -> int:
        return post.reaction_number

    @admin.action(description="Delete with tombstone", permissions=["delete"])
    def leave_tombstone(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        chosen = list(queryset.filter(deleted_at__isnull=True))
        for post in chosen:
            services.post_tombstone(post=post)
        self.message_user(request, f"{len(chosen)} posts are tombstones now.", messages.SUCCESS)


class UnderPost(Page):
    """What people put under a post: added and deleted, never changed."""

    autocomplete_fields = ("post",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset.select_related("post"):
            self.remove(row)

    def remove(self, row: Any) -> None:
        """Delete by the service, which withdraws what was notified of."""
        raise NotImplementedError


@admin.register(Comment)
class CommentAdmin(UnderPost):
    form = ContentForm
    list_display = ("id", "post", "author", "excerpt", "timestamp")
    list_filter = ("timestamp",)
    list_select_related = ("post", "author")
    search_fields = ("=id", "=post__id", "content", f"author__{USERNAME}")
    search_help_text = "Id, the post's id, text, or the author's username"
    date_hierarchy = "timestamp"
    user_fields = ("author",)
    fields = ("post", "author", "content", "timestamp")
    readonly_fields = ("timestamp",)

    def remove(self, row: Comment) -> None:
        services.comment_remove(comment=row)


@admin.register(Reaction)
class ReactionAdmin(UnderPost):
    list_display = ("kind", "user", "post", "created_at")
    list_filter = ("kind", "created_at")
    list_select_related = ("post", "user")
    search_fields = ("=post__id", "=kind", f"user__{USERNAME}")
    search_help_text = "The post's id, kind, or username"
    date_hierarchy = "created_at"
    user_fields = ("user",)
    fields = ("post", "user", "kind", "created_at")
    readonly_fields = ("created_at",)

    def remove(self, row: Reaction) -> None:
        services.reaction_remove(reaction=row)
