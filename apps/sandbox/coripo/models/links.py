"""The tables that tie records of two modules."""

from apps.sandbox.coripo.models.base import LinkRow, RecordId


class AccountContact(LinkRow):
    account_id = RecordId(db_index=True)
    contact_id = RecordId(db_index=True)

    class Meta:
        db_table = "accounts_contacts"

    def __str__(self) -> str:
        return f"{self.account_id} – {self.contact_id}"


class AccountOpportunity(LinkRow):
    account_id = RecordId(db_index=True)
    opportunity_id = RecordId(db_index=True)

    class Meta:
        db_table = "accounts_opportunities"

    def __str__(self) -> str:
        return f"{self.account_id} – {self.opportunity_id}"


class OpportunityContact(LinkRow):
    opportunity_id = RecordId(db_index=True)
    contact_id = RecordId(db_index=True)

    class Meta:
        db_table = "opportunities_contacts"

    def __str__(self) -> str:
        return f"{self.opportunity_id} – {self.contact_id}"


class ContactCase(LinkRow):
    contact_id = RecordId(db_index=True)
    case_id = RecordId(db_index=True)

    class Meta:
        db_table = "contacts_cases"

    def __str__(self) -> str:
        return f"{self.contact_id} – {self.case_id}"


class ProjectAccount(LinkRow):
    project_id = RecordId(db_index=True)
    account_id = RecordId(db_index=True)

    class Meta:
        db_table = "projects_accounts"

    def __str__(self) -> str:
        return f"{self.project_id} – {self.account_id}"


class ProjectContact(LinkRow):
    project_id = RecordId(db_index=True)
    contact_id = RecordId(db_index=True)

    class Meta:
        db_table = "projects_contacts"

    def __str__(self) -> str:
        return f"{self.project_id} – {self.contact_id}"


class ProjectOpportunity(LinkRow):
    project_id = RecordId(db_index=True)
    opportunity_id = RecordId(db_index=True)

    class Meta:
        db_table = "projects_opportunities"

    def __str__(self) -> str:
        return f"{self.project_id} – {self.opportunity_id}"


class AccountBug(LinkRow):
    account_id = RecordId(db_index=True)
    bug_id = RecordId(db_index=True)

    class Meta:
        db_table = "accounts_bugs"

    def __str__(self) -> str:
        return f"{self.account_id} – {self.bug_id}"


class ContactBug(LinkRow):
    contact_id = RecordId(db_index=True)
    bug_id = RecordId(db_index=True)

    class Meta:
        db_table = "contacts_bugs"

    def __str__(self) -> str:
        return f"{self.contact_id} – {self.bug_id}"
