from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("apps.inbox.urls")),
    path("accounts/", include("apps.accounts.urls")),
    path("contacts/", include("apps.contacts.urls")),
    path("mailboxes/", include("apps.mailboxes.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "apps.inbox.views.errors.bad_request"
handler403 = "apps.inbox.views.errors.permission_denied"
handler404 = "apps.inbox.views.errors.page_not_found"
handler500 = "apps.inbox.views.errors.server_error"
