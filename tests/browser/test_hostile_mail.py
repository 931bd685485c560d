"""Hostile mail in a real browser: no script, no dialog, no navigation, no request to another host."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.desks import Desk
from tests.browser.walking import PHONE, OpenPage
from tests.inbox.hostile_bodies import HOSTILE
from tests.installation import Installation
from tests.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# The last words of every mail: where they are seen, the frame is shown to its end.
END = "Konec zprávy."
REMOTE_IMAGES = "three remote images"
PICTURES = '<img src="https://evil.example/1.png"><img src="http://evil.example/2.png"><img src="//evil.example/3.png">'
ENDLESS = "A sender without an end"
# Resolves when every frame has been loaded.
BARE_FRAMES = """([address, count]) => Promise.all([...Array(count).keys()].map((number) => new Promise((loaded) => {
  const frame = document.createElement("iframe");
  frame.addEventListener("load", loaded, { once: true });
  frame.src = `${address}?body=${number}`;
  document.querySelector("#panel").append(frame);
})))"""


@pytest.fixture(scope="module")
def desk(installation: Installation) -> Desk:
    desk = Desk(installation)
    for name, body in HOSTILE.items():
        desk.receive(name, sender=desk.customer("utocnik"), html=f"<p>{END}</p>{body}")
    desk.receive(REMOTE_IMAGES, sender=desk.customer("utocnik"), html=f"<p>{END}</p>{PICTURES}")
    desk.receive(ENDLESS, sender=f'"{"W" * 300}" <{desk.customer("a" * 60)}>', html=f"<p>{END}</p>")
    desk.set_up(with_crm=False)
    return desk


def canary(context: BrowserContext) -> list[str]:
    """What every script of a hostile mail calls is ours: the frames whose scripts ran, told by their address."""
    ran: list[str] = []
    tell: Callable[..., None] = lambda source, *_: ran.append(source["frame"].url)  # noqa: E731
    context.expose_binding("alert", tell)
    return ran


def outside(context: BrowserContext) -> list[str]:
    """Requests that the browser really tried to send to other hosts; none of them leaves this machine."""
    sent: list[str] = []

    def stop(route: Route) -> None:
        sent.append(route.request.url)
        route.abort()

    context.route(re.compile(r"^https?://(?!127\.0\.0\.1[:/])"), stop)
    return sent


def test_the_canary_sings_where_a_script_does_run(open_page: OpenPage) -> None:
    """Else the silence of the tests below would prove nothing."""
    walker = open_page()
    ran = canary(walker.page.context)
    walker.page.set_content('<iframe srcdoc="<img src=about:x onerror=alert(1)>"></iframe>')
    walker.watch.expect("about:x")
    walker.page.frame_locator("iframe").locator("img").wait_for(state="attached")
    walker.page.wait_for_timeout(500)
    assert len(ran) == 1


def test_every_hostile_body_is_shown_and_does_nothing(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor)
    ran, sent = canary(walker.page.context), outside(walker.page.context)
    walker.go("/inbox/")
    for name in HOSTILE:
        if not walker.link_of(name).count():
            walker.follow("Older")
        walker.open_message(name)
        expect(walker.letter).to_contain_text(END)
        assert (name, ran, sent) == (name, [], [])
        assert walker.page.url.startswith(walker.portal_url), name
        assert len(walker.page.context.pages) == 1, name
    walker.page.wait_for_timeout(500)
    assert (ran, sent) == ([], [])


def test_remote_pictures_are_left_out_and_counted(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor)
    sent = outside(walker.page.context)
    walker.go(f"/inbox/?q={REMOTE_IMAGES}")
    walker.open_message(REMOTE_IMAGES)
    expect(walker.letter).to_contain_text("3 pictures from outside are not shown.")
    assert sent == []


def test_a_name_without_an_end_does_not_widen_the_page(open_page: OpenPage, desk: Desk) -> None:
    walker = open_page(desk.visitor, size=PHONE)
    walker.go(f"/inbox/?q={ENDLESS}")

    walker.open_message(ENDLESS)
    expect(walker.panel.locator(".person__name").first).to_contain_text("W" * 300)

    assert walker.page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_the_policy_of_the_frame_holds_alone(open_page: OpenPage, desk: Desk) -> None:
    """As if the cleaner let everything through: the headers of the real answer around each body as it was sent.

    The frames are bare, so that what the page's own `sandbox` attribute forbids is not needed either.
    """
    walker = open_page(desk.visitor)
    # The console tells of everything that the policy forbids.
    walker.watch.expect("")
    ran, sent = canary(walker.page.context), outside(walker.page.context)
    walker.go(f"/inbox/?q={REMOTE_IMAGES}")
    walker.open_message(REMOTE_IMAGES)
    address = walker.page.locator("iframe.letter").get_attribute("src") or ""
    headers = walker.page.request.get(walker.portal_url + address).headers

    def uncleaned(route: Route) -> None:
        body = list(HOSTILE.values())[int(route.request.url.rpartition("=")[2])]
        route.fulfill(headers=headers, body=f"<!doctype html><p>{END}</p>{body}")

    walker.page.route(f"**{address}?body=*", uncleaned)
    walker.leave_a_trace()
    walker.page.evaluate(BARE_FRAMES, [address, len(HOSTILE)])
    walker.page.wait_for_timeout(1_000)

    frames = [frame for frame in walker.page.frames if f"{address}?body=" in frame.url]
    assert len(frames) == len(HOSTILE)
    for frame in frames:
        expect(frame.locator("body")).to_contain_text(END)
    assert (ran, sent) == ([], [])
    walker.expect_the_same_page()
    assert len(walker.page.context.pages) == 1


def test_the_hostile_mail_of_the_corpus_is_read_like_any_other(open_page: OpenPage, marek: Visitor) -> None:
    """Its subject, its people and its attachments are hostile as well as its body."""
    walker = open_page(marek)
    ran, sent = canary(walker.page.context), outside(walker.page.context)
    walker.go("/inbox/?q=99418")
    walker.page.locator(".message").get_by_role("link", name=re.compile("99418")).first.click()

    expect(walker.panel.get_by_role("heading", level=1)).to_contain_text("<script>alert(17)</script>")
    expect(walker.letter).not_to_be_empty()
    walker.page.wait_for_load_state("networkidle")
    assert (ran, sent) == ([], [])
    assert walker.page.title().startswith("Faktura 99418")
