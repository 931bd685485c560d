from django.urls import path

from apps.sandbox.coripo.views import control, pages, rest

app_name = "coripo"

urlpatterns = [
    path("service/v4_1/rest.php", rest.rest, name="rest"),
    path("index.php", pages.index, name="index"),
    path("_control/coripo/expire-sessions", control.expire_sessions, name="expire_sessions"),
    path("_control/coripo/knobs", control.turn_knobs, name="knobs"),
    path("_control/coripo/lose", control.lose, name="lose"),
    path("_control/coripo/orphan-texts", control.orphan_texts, name="orphan_texts"),
    path("_control/coripo/contacts/<str:contact_id>", control.contact, name="contact"),
    path("_control/coripo/contacts/<str:contact_id>/merge", control.merge_contact, name="merge_contact"),
]
