from django.urls import path

from apps.contacts.views import choose, consent, contacts, create, linking, opening, person, runs

app_name = "contacts"
urlpatterns = [
    path("", contacts.contacts, name="list"),
    path("states/", contacts.states, name="states"),
    path("sync/", contacts.sync, name="sync"),
    path("coripo/", contacts.in_crm, name="in_crm"),
    path("coripo/bring/", contacts.bring, name="bring"),
    path("suggestions/", contacts.suggestions, name="suggestions"),
    path("consent/", consent.consent, name="consent"),
    path("consent/done/", consent.consented, name="consented"),
    path("create/", create.create, name="create"),
    path("create/<int:pk>/", create.waiting, name="waiting"),
    path("choose/", choose.choose, name="choose"),
    path("several/", choose.act_on_several, name="several"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/act/", runs.steer, name="steer_run"),
    path("<int:pk>/", person.person, name="person"),
    path("<int:pk>/act/", person.act, name="act"),
    path("<int:pk>/open/", opening.open_record, name="open"),
    path("<int:pk>/link/", linking.link, name="link"),
    path("<int:pk>/link/<str:crm_id>/", linking.compare_and_link, name="compare"),
    path("<int:pk>/differences/", person.differences, name="differences"),
    path("<int:pk>/company/", person.company, name="company"),
]
