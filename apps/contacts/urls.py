from django.urls import path

from apps.contacts.views import consent

app_name = "contacts"
urlpatterns = [
    path("consent/", consent.consent, name="consent"),
    path("consent/done/", consent.consented, name="consented"),
]
