import time
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from apps.contacts.models import OutlookContact, AddressBook
pytestmark = pytest.mark.django_db
def test_ten_thousand(book):
    t=time.time()
    for n in range(10000):
        book.write(f"Osoba {n}", givenName="Jan", companyName="Firma a.s.", emailAddresses=[{"name":"x","address":f"o{n}@firma{n%500}.example"}])
    print("made", time.time()-t)
    total=0; looks=0; t=time.time()
    while not book.row.completed_at:
        n=book.look(seconds=20); total+=n; looks+=1
        print(looks, n, OutlookContact.objects.count())
        assert looks<20
    print("read", time.time()-t, "requests", total, "looks", looks, OutlookContact.objects.filter(crm_id=None).count())
    t=time.time()
    with CaptureQueriesContext(connection) as q: n=book.look()
    print("quiet", time.time()-t, n, len(q))
