"""The CRM's tables under their real names, because clients write SQL conditions over them.

There are no foreign keys, and no row is refused for pointing nowhere: neither does the real server.
"""

from apps.sandbox.coripo.models.links import (
    AccountBug,
    AccountContact,
    AccountOpportunity,
    ContactBug,
    ContactCase,
    OpportunityContact,
    ProjectAccount,
    ProjectContact,
    ProjectOpportunity,
)
from apps.sandbox.coripo.models.mail import (
    Email,
    EmailAddress,
    EmailAddressOfBean,
    EmailAddressOfEmail,
    EmailOfBean,
    EmailText,
    Note,
    NoteFile,
)
from apps.sandbox.coripo.models.records import (
    Account,
    Bug,
    Case,
    Contact,
    Lead,
    Meeting,
    Opportunity,
    Project,
    ProjectTask,
    Prospect,
    Task,
)
from apps.sandbox.coripo.models.users import Grant, Session, User

__all__ = [
    "Account",
    "AccountBug",
    "AccountContact",
    "AccountOpportunity",
    "Bug",
    "Case",
    "Contact",
    "ContactBug",
    "ContactCase",
    "Email",
    "EmailAddress",
    "EmailAddressOfBean",
    "EmailAddressOfEmail",
    "EmailOfBean",
    "EmailText",
    "Grant",
    "Lead",
    "Meeting",
    "Note",
    "NoteFile",
    "Opportunity",
    "OpportunityContact",
    "Project",
    "ProjectAccount",
    "ProjectContact",
    "ProjectOpportunity",
    "ProjectTask",
    "Prospect",
    "Session",
    "Task",
    "User",
]
