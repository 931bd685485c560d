from django.urls import path

from apps.contacts.views import choose, consent, create, placeholder

app_name = "contacts"
urlpatterns = [
    path("consent/", consent.consent, name="consent"),
    path("consent/done/", consent.consented, name="consented"),
    path("create/", create.create, name="create"),
    path("create/<int:pk>/", create.waiting, name="waiting"),
    path("choose/", choose.choose, name="choose"),
    path("several/", choose.act_on_several, name="several"),
    path("<int:pk>/", placeholder.person, name="person"),
    path("<int:pk>/open/", placeholder.person, name="open"),
    path("<int:pk>/link/", placeholder.person, name="link"),
]
