"""Finding people."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from connections.selectors import visible_users

SEARCHED_WORDS = 5  # each costs a condition; more than a full name is no name


def user_search(*, user: Any, search: str = "", after: str = "", limit: int) -> list[Any]:
    """Users whom ``user`` may see, without ``user``, in the order of their usernames, each word of ``search``
    beginning the username, the first name or the last name; every user where it is blank. At most ``limit``,
    beginning behind the username ``after``. One query.
    """
    model = get_user_model()
    fields = {field.name for field in model._meta.concrete_fields}  # a project's own model may lack some
    searched = [name for name in (model.USERNAME_FIELD, "first_name", "last_name") if name in fields]
    found = visible_users(user=user).exclude(pk=user.pk)
    for word in search.split()[:SEARCHED_WORDS]:
        found = found.filter(reduce(or_, (Q((f"{name}__istartswith", word)) for name in searched)))
    if after:
        found = found.filter((f"{model.USERNAME_FIELD}__gt", after))
    return list(found.order_by(model.USERNAME_FIELD)[:limit])
