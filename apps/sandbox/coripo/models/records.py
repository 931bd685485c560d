"""Companies, people and business: the modules that an e-mail can belong to."""

from django.db import models

from apps.sandbox.coripo.models.base import Moment, Record, RecordId, Text, Varchar


class Account(Record):
    """A company (Firma). `ticker_symbol` holds the company number, `sic_code` the VAT number."""

    name = Varchar(150)
    account_type = Varchar(50)
    industry = Varchar(50)
    annual_revenue = Varchar(100)
    phone_fax = Varchar(100)
    phone_office = Varchar(100)
    phone_alternate = Varchar(100)
    billing_address_street = Varchar(150)
    billing_address_city = Varchar(100)
    billing_address_state = Varchar(100)
    billing_address_postalcode = Varchar(20)
    billing_address_country = Varchar(255)
    shipping_address_street = Varchar(150)
    shipping_address_city = Varchar(100)
    shipping_address_state = Varchar(100)
    shipping_address_postalcode = Varchar(20)
    shipping_address_country = Varchar(255)
    rating = Varchar(100)
    website = Varchar(255)
    ownership = Varchar(100)
    employees = Varchar(10)
    ticker_symbol = Varchar(10)
    sic_code = Varchar(10)
    parent_id = RecordId(db_index=True)
    campaign_id = RecordId()

    class Meta:
        db_table = "accounts"


class Somebody(Record):
    """What contacts and leads have in common. Their name is made of two columns and is none itself."""

    name: None = None  # type: ignore[assignment]
    salutation = Varchar(255)
    first_name = Varchar(100)
    last_name = Varchar(100)
    title = Varchar(100)
    department = Varchar(100)
    do_not_call = models.BooleanField(default=False)
    phone_home = Varchar(100)
    phone_mobile = Varchar(100)
    phone_work = Varchar(100)
    phone_other = Varchar(100)
    phone_fax = Varchar(100)
    primary_address_street = Varchar(150)
    primary_address_city = Varchar(100)
    primary_address_state = Varchar(100)
    primary_address_postalcode = Varchar(20)
    primary_address_country = Varchar(255)
    alt_address_street = Varchar(150)
    alt_address_city = Varchar(100)
    alt_address_state = Varchar(100)
    alt_address_postalcode = Varchar(20)
    alt_address_country = Varchar(255)
    assistant = Varchar(75)
    assistant_phone = Varchar(100)
    birthdate = models.DateField(null=True, blank=True)
    lead_source = Varchar(255)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Contact(Somebody):
    """A person at a company (Kontakt)."""

    reports_to_id = RecordId()

    class Meta:
        db_table = "contacts"


class Lead(Somebody):
    """Somebody who may become a contact (Zájemce)."""

    converted = models.BooleanField(default=False)
    refered_by = Varchar(100)
    lead_source_description = Text()
    status = Varchar(100)
    status_description = Text()
    account_name = Varchar(255)
    account_description = Text()
    account_id = RecordId(db_index=True)
    contact_id = RecordId(db_index=True)
    opportunity_id = RecordId()
    opportunity_name = Varchar(255)
    opportunity_amount = Varchar(50)
    website = Varchar(255)

    class Meta:
        db_table = "leads"


class Prospect(Somebody):
    """Somebody to whom advertising goes (Adresát kampaně)."""

    account_name = Varchar(150)
    tracker_key = models.IntegerField(null=True, blank=True)
    lead_id = RecordId()

    class Meta:
        db_table = "prospects"


class Opportunity(Record):
    """A deal in the making (Příležitost)."""

    name = Varchar(50)
    opportunity_type = Varchar(255)
    lead_source = Varchar(50)
    amount = models.DecimalField(max_digits=26, decimal_places=6, null=True, blank=True)
    date_closed = models.DateField(null=True, blank=True)
    next_step = Varchar(100)
    sales_stage = Varchar(255)
    probability = Varchar(10)

    class Meta:
        db_table = "opportunities"


class Case(Record):
    """A complaint or a service visit (Případ)."""

    case_number = models.IntegerField(null=True, blank=True)
    type = Varchar(255)
    status = Varchar(100)
    state = Varchar(100)
    priority = Varchar(100)
    resolution = Text()
    work_log = Text()
    account_id = RecordId(db_index=True)

    class Meta:
        db_table = "cases"


class Project(Record):
    """A project (Projekt)."""

    name = Varchar(50)
    status = Varchar(255)
    priority = Varchar(255)
    estimated_start_date = models.DateField(null=True, blank=True)
    estimated_end_date = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "project"


class ProjectTask(Record):
    """A step of a project (Projektový úkol)."""

    name = Varchar(50)
    project_id = RecordId(db_index=True)
    status = Varchar(255)
    priority = Varchar(255)
    percent_complete = models.IntegerField(null=True, blank=True)
    date_start = models.DateField(null=True, blank=True)
    date_finish = models.DateField(null=True, blank=True)
    date_due = Moment()

    class Meta:
        db_table = "project_task"


class Bug(Record):
    """A defect of a product (Chyba)."""

    bug_number = models.IntegerField(null=True, blank=True)
    type = Varchar(255)
    status = Varchar(100)
    priority = Varchar(100)
    resolution = Varchar(255)
    work_log = Text()
    source = Varchar(255)

    class Meta:
        db_table = "bugs"


class Task(Record):
    """Something to be done (Úkol)."""

    name = Varchar(50)
    status = Varchar(100)
    priority = Varchar(100)
    date_due = Moment()
    date_start = Moment()
    parent_type = Varchar(255)
    parent_id = RecordId(db_index=True)
    contact_id = RecordId(db_index=True)

    class Meta:
        db_table = "tasks"


class Meeting(Record):
    """An appointment (Schůzka)."""

    name = Varchar(50)
    location = Varchar(255)
    status = Varchar(100)
    date_start = Moment()
    date_end = Moment()
    duration_hours = models.IntegerField(null=True, blank=True)
    duration_minutes = models.IntegerField(null=True, blank=True)
    parent_type = Varchar(255)
    parent_id = RecordId(db_index=True)

    class Meta:
        db_table = "meetings"
