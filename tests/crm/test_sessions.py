"""Resting sessions: one holder at a time, each login its own, none in a child process."""

import os

from apps.crm.sessions import MOST_AT_REST, SessionKey, SessionPool

KEY = SessionKey(url="http://127.0.0.1/", user_name="m.novak", account_key="1:1")


def test_a_session_is_handed_out_once() -> None:
    pool = SessionPool()
    pool.give_back(KEY, "a")

    assert pool.take(KEY) == "a"
    assert pool.take(KEY) is None


def test_a_changed_login_gets_no_session_of_the_former_one() -> None:
    pool = SessionPool()
    pool.give_back(KEY, "a")

    assert pool.take(SessionKey(url=KEY.url, user_name=KEY.user_name, account_key="1:2")) is None


def test_few_sessions_rest_and_the_latest_is_taken_first() -> None:
    pool = SessionPool()
    for number in range(MOST_AT_REST + 2):
        pool.give_back(KEY, str(number))

    assert [pool.take(KEY) for _ in range(MOST_AT_REST + 1)] == ["5", "4", "3", "2", None]


def test_forgotten_sessions_are_not_handed_out() -> None:
    pool = SessionPool()
    pool.give_back(KEY, "a")
    pool.forget(KEY)

    assert pool.take(KEY) is None


def test_a_forked_child_starts_without_sessions() -> None:
    pool = SessionPool()
    pool.give_back(KEY, "a")

    child = os.fork()
    if child == 0:
        os._exit(0 if pool.take(KEY) is None else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool.take(KEY) == "a"
