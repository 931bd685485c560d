"""The kinds of records of CORIPO that an e-mail can be linked with, by CORIPO's name of the module, as people call one."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

RECORD_KINDS: dict[str, Promise] = {
    "Accounts": gettext_lazy("Company"),
    "Contacts": gettext_lazy("Contact"),
    "Leads": pgettext_lazy("somebody who may become a contact", "Lead"),
    "Opportunities": gettext_lazy("Opportunity"),
    "Cases": pgettext_lazy("a customer's request", "Case"),
    "Project": gettext_lazy("Project"),
    "ProjectTask": gettext_lazy("Project task"),
    "Bugs": pgettext_lazy("a fault of a product", "Bug"),
}


def kind_of(module: str) -> Promise:
    return RECORD_KINDS.get(module, gettext_lazy("Record"))
