from django.urls import path

from apps.sandbox.graph.gateway import serve

urlpatterns = [
    path("v1.0/<path:path>", serve),
]
