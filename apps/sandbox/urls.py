"""Every app writes its whole paths, so one file shows what a service answers to."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.sandbox.control.urls")),
    path("", include("apps.sandbox.graph.urls")),
    path("", include("apps.sandbox.coripo.urls")),
    path("", include("apps.sandbox.entra.urls")),
]
