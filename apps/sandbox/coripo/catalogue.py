"""The modules that this CRM has: their tables, fields and links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.db import models as db

from apps.sandbox.coripo import knobs, models
from apps.sandbox.coripo.faults import Fault
from apps.sandbox.coripo.links import ColumnLink, Link, OwnColumnLink, TableLink

ADDRESS_FIELDS = ("email1", "email2")
EMAIL_TEXT_FIELDS = (
    "description",
    "description_html",
    "from_addr_name",
    "reply_to_addr",
    "to_addrs_names",
    "cc_addrs_names",
    "bcc_addrs_names",
    "raw_source",
)
# What a company has besides its columns; together they are the 53 fields of an installation without fields of its own.
COMPANY_FIELDS = (
    *(f"{kind}_address_street_{line}" for kind in ("billing", "shipping") for line in (2, 3, 4)),
    "email1",
    "email",
    "email_addresses_non_primary",
    "email_opt_out",
    "invalid_email",
    "parent_name",
    "campaign_name",
    "jjwg_maps_address_c",
    "jjwg_maps_geocode_status_c",
    "jjwg_maps_lat_c",
    "jjwg_maps_lng_c",
)
# Columns by the name that they had before 7.10, where the knob asks for it.
OLD_NAMES = {("emails", "date_sent_received"): "date_sent"}
# Columns of a list query that its joins have as well, so that a bare name is ambiguous: every list joins the assigned
# user, most join a company.
WITH_USER = ("users",)
WITH_COMPANY = ("users", "accounts")


@dataclass(frozen=True)
class Module:
    """One module: the model that keeps its records, and what its records show besides their columns."""

    name: str
    label: str
    singular: str
    model: type[db.Model]
    joins: tuple[str, ...]
    # Fields that are no columns and are filled in on reading.
    computed: tuple[str, ...] = ()
    links: Mapping[str, Link] = field(default_factory=dict)
    hidden_columns: frozenset[str] = frozenset()

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> "Mapping[str, db.Field]":
        """The columns by the name that clients know them by."""
        return self._old_columns if knobs.has_old_date_field() else self._columns

    @cached_property
    def _columns(self) -> "Mapping[str, db.Field]":
        return {
            column.name: column for column in self.model._meta.concrete_fields if column.name not in self.hidden_columns
        }

    @cached_property
    def _old_columns(self) -> "Mapping[str, db.Field]":
        return under_old_names(self.table, self._columns)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of all fields that a read can give, columns first."""
        return (*self.columns, *self.computed)

    @property
    def has_addresses(self) -> bool:
        return "email1" in self.computed

    @property
    def is_of_people(self) -> bool:
        return "full_name" in self.computed


WHO = ("assigned_user_name", "created_by_name", "modified_by_name")
PERSON = ("name", "full_name", *ADDRESS_FIELDS)


def emails_of(module: str) -> TableLink:
    return TableLink("Emails", models.EmailOfBean, near="bean_id", far="email_id", constants=(("bean_module", module),))


def beans_of_email(module: str) -> TableLink:
    return TableLink(module, models.EmailOfBean, near="email_id", far="bean_id", constants=(("bean_module", module),))


def addresses_of(module: str, *, primary_only: bool = False) -> TableLink:
    return TableLink(
        "EmailAddresses",
        models.EmailAddressOfBean,
        near="bean_id",
        far="email_address_id",
        constants=(("bean_module", module),),
        only=(("primary_address", True),) if primary_only else (),
    )


def notes_of(module: str) -> ColumnLink:
    return ColumnLink("Notes", models.Note, column="parent_id", constants=(("parent_type", module),))


def pair(target: str, table: type[db.Model], near: str, far: str) -> TableLink:
    return TableLink(target, table, near=near, far=far)


MODULES: Mapping[str, Module] = {
    module.name: module
    for module in (
        Module(
            "Accounts",
            "Companies",
            "Company",
            models.Account,
            joins=WITH_COMPANY,
            computed=(*WHO, *COMPANY_FIELDS),
            links={
                "contacts": pair("Contacts", models.AccountContact, "account_id", "contact_id"),
                "emails": emails_of("Accounts"),
                "notes": notes_of("Accounts"),
                "members": ColumnLink("Accounts", models.Account, column="parent_id"),
                "leads": ColumnLink("Leads", models.Lead, column="account_id"),
                "opportunities": pair("Opportunities", models.AccountOpportunity, "account_id", "opportunity_id"),
                "cases": ColumnLink("Cases", models.Case, column="account_id"),
                "project": pair("Project", models.ProjectAccount, "account_id", "project_id"),
                "bugs": pair("Bugs", models.AccountBug, "account_id", "bug_id"),
                "email_addresses": addresses_of("Accounts"),
                "email_addresses_primary": addresses_of("Accounts", primary_only=True),
            },
        ),
        Module(
            "Contacts",
            "Contacts",
            "Contact",
            models.Contact,
            joins=WITH_COMPANY,
            computed=(*WHO, *PERSON, "account_id", "account_name"),
            links={
                "accounts": pair("Accounts", models.AccountContact, "contact_id", "account_id"),
                "emails": emails_of("Contacts"),
                "notes": ColumnLink("Notes", models.Note, column="contact_id"),
                "leads": ColumnLink("Leads", models.Lead, column="contact_id"),
                "opportunities": pair("Opportunities", models.OpportunityContact, "contact_id", "opportunity_id"),
                "cases": pair("Cases", models.ContactCase, "contact_id", "case_id"),
                "project": pair("Project", models.ProjectContact, "contact_id", "project_id"),
                "bugs": pair("Bugs", models.ContactBug, "contact_id", "bug_id"),
                "email_addresses": addresses_of("Contacts"),
                "email_addresses_primary": addresses_of("Contacts", primary_only=True),
            },
        ),
        Module(
            "Leads",
            "Leads",
            "Lead",
            models.Lead,
            joins=WITH_COMPANY,
            computed=(*WHO, *PERSON),
            links={
                "emails": emails_of("Leads"),
                "notes": notes_of("Leads"),
                "accounts": OwnColumnLink("Accounts", models.Lead, column="account_id"),
                "contacts": OwnColumnLink("Contacts", models.Lead, column="contact_id"),
                "email_addresses": addresses_of("Leads"),
                "email_addresses_primary": addresses_of("Leads", primary_only=True),
            },
        ),
        Module(
            "Opportunities",
            "Opportunities",
            "Opportunity",
            models.Opportunity,
            joins=WITH_COMPANY,
            computed=(*WHO, "account_id", "account_name"),
            links={
                "accounts": pair("Accounts", models.AccountOpportunity, "opportunity_id", "account_id"),
                "contacts": pair("Contacts", models.OpportunityContact, "opportunity_id", "contact_id"),
                "project": pair("Project", models.ProjectOpportunity, "opportunity_id", "project_id"),
                "emails": emails_of("Opportunities"),
                "notes": notes_of("Opportunities"),
            },
        ),
        Module(
            "Cases",
            "Cases",
            "Case",
            models.Case,
            joins=WITH_COMPANY,
            computed=(*WHO, "account_name"),
            links={
                "accounts": OwnColumnLink("Accounts", models.Case, column="account_id"),
                "contacts": pair("Contacts", models.ContactCase, "case_id", "contact_id"),
                "emails": emails_of("Cases"),
                "notes": notes_of("Cases"),
            },
        ),
        Module(
            "Project",
            "Projects",
            "Project",
            models.Project,
            joins=WITH_USER,
            computed=WHO,
            links={
                "accounts": pair("Accounts", models.ProjectAccount, "project_id", "account_id"),
                "contacts": pair("Contacts", models.ProjectContact, "project_id", "contact_id"),
                "opportunities": pair("Opportunities", models.ProjectOpportunity, "project_id", "opportunity_id"),
                "projecttask": ColumnLink("ProjectTask", models.ProjectTask, column="project_id"),
                "emails": emails_of("Project"),
                "notes": notes_of("Project"),
            },
        ),
        Module(
            "ProjectTask",
            "Project tasks",
            "Project task",
            models.ProjectTask,
            joins=WITH_USER,
            computed=WHO,
            links={
                "project": OwnColumnLink("Project", models.ProjectTask, column="project_id"),
                "emails": emails_of("ProjectTask"),
                "notes": notes_of("ProjectTask"),
            },
        ),
        Module(
            "Bugs",
            "Bugs",
            "Bug",
            models.Bug,
            joins=WITH_USER,
            computed=WHO,
            links={
                "accounts": pair("Accounts", models.AccountBug, "bug_id", "account_id"),
                "contacts": pair("Contacts", models.ContactBug, "bug_id", "contact_id"),
                "emails": emails_of("Bugs"),
                "notes": notes_of("Bugs"),
            },
        ),
        Module(
            "Prospects",
            "Prospects",
            "Prospect",
            models.Prospect,
            joins=WITH_USER,
            computed=(*WHO, *PERSON),
            links={
                "emails": emails_of("Prospects"),
                "notes": notes_of("Prospects"),
                "email_addresses": addresses_of("Prospects"),
                "email_addresses_primary": addresses_of("Prospects", primary_only=True),
            },
        ),
        Module(
            "Tasks",
            "Tasks",
            "Task",
            models.Task,
            joins=WITH_USER,
            computed=(*WHO, "parent_name"),
            links={
                "contacts": OwnColumnLink("Contacts", models.Task, column="contact_id"),
                "emails": emails_of("Tasks"),
                "notes": notes_of("Tasks"),
            },
        ),
        Module(
            "Meetings",
            "Meetings",
            "Meeting",
            models.Meeting,
            joins=WITH_USER,
            computed=(*WHO, "parent_name"),
            links={
                "emails": emails_of("Meetings"),
                "notes": notes_of("Meetings"),
            },
        ),
        Module(
            "Emails",
            "E-mails",
            "E-mail",
            models.Email,
            joins=WITH_USER,
            computed=(*WHO, *EMAIL_TEXT_FIELDS, "parent_name"),
            links={
                "contacts": beans_of_email("Contacts"),
                "accounts": beans_of_email("Accounts"),
                "leads": beans_of_email("Leads"),
                "opportunities": beans_of_email("Opportunities"),
                "cases": beans_of_email("Cases"),
                "project": beans_of_email("Project"),
                "projecttask": beans_of_email("ProjectTask"),
                "bugs": beans_of_email("Bugs"),
                "prospects": beans_of_email("Prospects"),
                "tasks": beans_of_email("Tasks"),
                "meetings": beans_of_email("Meetings"),
                "users": beans_of_email("Users"),
                "notes": notes_of("Emails"),
            },
        ),
        Module(
            "Notes",
            "Notes",
            "Note",
            models.Note,
            joins=WITH_USER,
            computed=(*WHO, "parent_name"),
            links={
                "contacts": OwnColumnLink("Contacts", models.Note, column="contact_id"),
                "emails": OwnColumnLink(
                    "Emails", models.Note, column="parent_id", constants=(("parent_type", "Emails"),)
                ),
                "accounts": OwnColumnLink(
                    "Accounts", models.Note, column="parent_id", constants=(("parent_type", "Accounts"),)
                ),
            },
        ),
        Module(
            "Users",
            "Users",
            "User",
            models.User,
            joins=(),
            computed=(*WHO, *PERSON, "is_admin"),
            links={
                "emails": emails_of("Users"),
                "email_addresses": addresses_of("Users"),
                "email_addresses_primary": addresses_of("Users", primary_only=True),
            },
            hidden_columns=frozenset({"password", "role", "is_ldap"}),
        ),
        Module(
            "EmailAddresses",
            "E-mail addresses",
            "E-mail address",
            models.EmailAddress,
            joins=(),
            # Which address is the primary one stands in the link and never arrives here.
            computed=("primary_address",),
        ),
    )
}


def modules() -> "list[Module]":
    """The modules that clients meet: all, but e-mails where the knob takes them away."""
    return [module for module in MODULES.values() if module.name != "Emails" or knobs.has_emails()]


def known_module(name: object) -> Module | None:
    """The module of that exact name, if clients meet it."""
    return next((module for module in modules() if module.name == name), None)


def module_named(name: object) -> Module:
    """The module of that exact name; raises fault 20."""
    module = known_module(name)
    if module is None:
        raise Fault(20)
    return module


def under_old_names(table: str, columns: "Mapping[str, db.Field]") -> "Mapping[str, db.Field]":
    """The columns of a table by the names that they had before 7.10."""
    return {OLD_NAMES.get((table, name), name): column for name, column in columns.items()}
