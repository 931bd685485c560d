"""Administration of people and of the CORIPO server. No password, token, or message of anybody is shown there."""

from __future__ import annotations

import allauth.account.admin
import allauth.socialaccount.admin  # noqa: F401  # registers what is taken out again below
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import CrmServer, User

# The administration has no sign-in of its own: ours counts the tries.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = _("CORIPO Mail Portal")
admin.site.site_title = _("CORIPO Mail Portal")
admin.site.index_title = _("Administration")
admin.site.site_url = "/"

for model in (EmailAddress, EmailConfirmation, SocialAccount, SocialApp, SocialToken, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class PortalUserAdmin(UserAdmin):
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Preferences"), {"fields": ["language", "time_zone", "theme"]}),
        (_("Permissions"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (_("Times"), {"fields": ["last_login", "date_joined"]}),
    ]
    filter_horizontal = []


@admin.register(CrmServer)
class CrmServerAdmin(admin.ModelAdmin[CrmServer]):
    list_display = ["__str__", "web_url"]
    fields = ["api_address", "web_address", "record_pattern"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An installation has one CORIPO."""
        return not CrmServer.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: CrmServer | None = None) -> bool:
        """Everything that was transferred hangs on it."""
        return False
