from django.urls import path

from apps.sandbox.control.views import accounts, authority, contacts, folders, mail, mailboxes, people, weather

urlpatterns = [
    path("_control/health", people.health),
    path("_control/client", people.client),
    path("_control/ca.pem", authority.certificate),
    path("_control/client/certificates", accounts.certificates),
    path("_control/people", people.people),
    path("_control/people/<str:mail>/account", accounts.account),
    path("_control/people/<str:mail>/consent", accounts.consent),
    path("_control/people/<str:mail>/sign-ins", accounts.sign_ins),
    path("_control/people/<str:mail>/mailbox", mailboxes.mailbox),
    path("_control/people/<str:mail>/shares", mailboxes.shares),
    path("_control/reset", people.put_back),
    path("_control/faults", weather.faults),
    path("_control/requests", weather.requests),
    path("_control/knobs", weather.entra_knobs),
    path("_control/graph/knobs", weather.graph_knobs),
    path("_control/folders", folders.folders),
    path("_control/contact-folders", contacts.folders),
    path("_control/contacts", contacts.contacts),
    path("_control/contacts/<str:contact_id>", contacts.contact),
    path("_control/contacts/<str:contact_id>/move", contacts.move),
    path("_control/mail", mail.deliver),
    path("_control/messages/<str:message_id>", mail.delete),
    path("_control/messages/<str:message_id>/move", mail.move),
    path("_control/messages/<str:message_id>/categories", mail.categories),
]
