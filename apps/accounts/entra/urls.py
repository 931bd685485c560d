from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.entra import views

urlpatterns = [
    path("login/", require_POST(views.entra_login), name="entra_login"),
    path("login/callback/", never_cache(require_GET(views.entra_callback)), name="entra_callback"),
]
