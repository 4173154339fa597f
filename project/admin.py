"""Django's own users and groups, with the looks of all other pages of the admin."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from realtime.admin_pages import ModelAdmin


class PeopleAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


class GroupsAdmin(GroupAdmin, ModelAdmin):
    pass


for model, page in ((User, PeopleAdmin), (Group, GroupsAdmin)):
    if admin.site.is_registered(model):  # a project's own users are not these
        admin.site.unregister(model)
        admin.site.register(model, page)
