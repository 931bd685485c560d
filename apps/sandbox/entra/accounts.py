"""How an account is: what stands between a person and tokens, on the pages and at the token endpoint."""

from dataclasses import dataclass

from apps.sandbox.control.models import Person
from apps.sandbox.entra.models import Account, SignIn

State = Account.State


@dataclass(frozen=True)
class Obstacle:
    """Why there are no tokens: the AADSTS number and text, and `error` with `suberror`, which a program decides by."""

    number: int
    text: str
    error: str = "invalid_grant"
    suberror: str = ""


OBSTACLES = {
    State.DISABLED: Obstacle(50057, "The user account is disabled."),
    State.BLOCKED: Obstacle(
        53003,
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        suberror="message_only",
    ),
    State.UNASSIGNED: Obstacle(50105, "The signed in user is not assigned to a role for the application."),
}
SECOND_FACTOR = Obstacle(
    50076,
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use "
    "multi-factor authentication.",
    error="interaction_required",
    suberror="basic_action",
)


def state_of(person: Person) -> str:
    account = Account.objects.filter(person=person).first()
    return account.state if account else State.ACTIVE


def set_state(person: Person, state: str) -> None:
    Account.objects.update_or_create(person=person, defaults={"state": state})


def obstacle_of(person: Person) -> Obstacle | None:
    """What keeps the person out whatever he or she does."""
    return OBSTACLES.get(State(state_of(person)))


def obstacle_at_refresh(sign_in: SignIn) -> Obstacle | None:
    """What keeps an earlier sign-in from further tokens."""
    if needs_second_factor(sign_in.person) and not sign_in.is_multi_factor:
        return SECOND_FACTOR
    return obstacle_of(sign_in.person)


def needs_second_factor(person: Person) -> bool:
    return state_of(person) == State.MFA
