"""Writes `loans.csv.gz`: loan applications of a small bank. The bank, its customers and every number are made up.

    python samples/make_loans.py

The same file on every machine: plain arithmetic, and of `random` only `Random.random`, whose sequence Python keeps.
What there is to find in it:

* Papers are requested again, up to three times. From 1 April a list says which ones are needed: requested again less
  often, except through partners, who do not use the list. Of those who apply on the web, half get their loan instead
  of two in five, and more apply.
* Papers take a day to come in the branch, two or three on the web, five by phone and a week through partners.
* Applications through partners are declined most often, those of the branches are paid out most often.
* Photos taken with a phone are refused more often, of papers and of faces.
* A manual review of large or doubtful loans takes three or four days; a third of them is declined.
* The bank works from Monday to Friday, people on the web in the evening and on Sundays too.
* The log ends while the last applications are under way; some others were left where they are.
"""

import csv
import gzip
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

FILE = Path(__file__).with_name("loans.csv.gz")
COLUMNS = (
    "customer",
    "application",
    "step",
    "time",
    "channel",
    "device",
    "employee",
    "amount",
    "currency",
    "purpose",
    "customer_type",
)

FIRST_DAY = date(2024, 1, 2)
LAST_DAY = date(2024, 6, 28)
CHANGE_DAY = date(2024, 4, 1)
HOLIDAYS = {date(2024, 3, 29), date(2024, 4, 1), date(2024, 5, 1), date(2024, 5, 9), date(2024, 5, 20)}
OFFICE = (9.0, 17.5)
DEVICES = {"mobile": 0.55, "desktop": 0.38, "tablet": 0.07}
# Purpose: how often, and the lowest, usual and highest amount in thousands.
PURPOSES = {
    "car": (0.34, (4.0, 14.0, 38.0)),
    "home": (0.24, (3.0, 12.0, 50.0)),
    "furniture": (0.18, (1.0, 4.0, 12.0)),
    "other loans": (0.14, (5.0, 16.0, 45.0)),
    "other": (0.10, (1.0, 6.0, 20.0)),
}


@dataclass(frozen=True)
class Channel:
    """How people come in, and what is different for them.

    Attributes:
        per_day: Applications on a usual Tuesday, before and from the change.
        weekdays: Share of that from Monday to Sunday.
        hours: Opening hours from Monday to Friday, on Saturday and on Sunday.
        pickup: Working hours until somebody looks at an application: shortest, usual, longest.
        posting: Days until requested papers come: shortest, usual, longest.
        at_once: Share that brings the papers along.
        incomplete: Share of papers that lack something, before and from the change.
        unanswered: Share of first requests for papers that nobody answers, before and from the change.
        refused: Share that is declined by the credit check.
        leaves: Share that gives up at each offer.
    """

    per_day: tuple[float, float]
    weekdays: tuple[float, ...]
    hours: tuple[tuple[float, float] | None, ...]
    pickup: tuple[float, float, float]
    posting: tuple[float, float, float]
    at_once: float
    incomplete: tuple[float, float]
    unanswered: tuple[float, float]
    refused: float
    leaves: float


CHANNELS = {
    "branch": Channel(
        per_day=(4.8, 4.5),
        weekdays=(1.1, 1.0, 0.9, 1.2, 1.0, 0.5, 0.0),
        hours=((9.0, 17.5), (9.0, 13.0), None),
        pickup=(0.1, 0.4, 3.0),
        posting=(0.2, 1.2, 9.0),
        at_once=0.5,
        incomplete=(0.2, 0.1),
        unanswered=(0.06, 0.04),
        refused=0.12,
        leaves=0.09,
    ),
    "web": Channel(
        per_day=(5.1, 7.2),
        weekdays=(1.1, 1.0, 1.0, 1.0, 0.8, 0.9, 1.2),
        hours=((7.0, 23.5), (8.0, 23.5), (8.0, 23.5)),
        pickup=(0.5, 4.0, 14.0),
        posting=(0.1, 2.6, 16.0),
        at_once=0.0,
        incomplete=(0.6, 0.17),
        unanswered=(0.22, 0.08),
        refused=0.17,
        leaves=0.15,
    ),
    "phone": Channel(
        per_day=(1.9, 1.8),
        weekdays=(1.2, 1.0, 1.0, 0.9, 0.9, 0.3, 0.0),
        hours=((8.0, 19.0), (9.0, 13.0), None),
        pickup=(0.3, 2.0, 9.0),
        posting=(1.8, 4.6, 18.0),
        at_once=0.0,
        incomplete=(0.36, 0.2),
        unanswered=(0.12, 0.08),
        refused=0.16,
        leaves=0.13,
    ),
    "partner": Channel(
        per_day=(3.2, 3.2),
        weekdays=(0.9, 1.0, 1.0, 1.0, 1.1, 0.6, 0.0),
        hours=((9.0, 19.0), (10.0, 16.0), None),
        pickup=(2.0, 9.0, 26.0),
        posting=(2.0, 7.0, 24.0),
        at_once=0.1,
        incomplete=(0.42, 0.42),
        unanswered=(0.16, 0.16),
        refused=0.28,
        leaves=0.2,
    ),
}


class Dice:
    """Chances and waiting times."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 (nothing secret)

    def hits(self, chance: float) -> bool:
        """True in this share of cases."""
        return self._random.random() < chance

    def between(self, low: float, high: float) -> float:
        """Any number from low to high, all as likely."""
        return low + (high - low) * self._random.random()

    def around(self, shortest: float, usual: float, longest: float) -> float:
        """Half lie below the usual; above it the longer ones are rare."""
        place = 2 * self._random.random()
        if place < 1:
            return shortest + (usual - shortest) * place
        return usual + (longest - usual) * (place - 1) * (place - 1) * (place - 1)

    def one_of(self, shares: dict[str, float]) -> str:
        """A name, as often as its share of all."""
        ends = list(itertools.accumulate(shares.values()))
        place = self.between(0, ends[-1])
        return next(name for name, end in zip(shares, ends, strict=True) if place < end)


def hour_of(moment: datetime) -> float:
    """Hours since midnight."""
    return (moment - datetime.combine(moment, time())).total_seconds() / 3600


def at_hour(day: date, hour: float) -> datetime:
    """That hour of the day, to the second."""
    return datetime.combine(day, time()) + timedelta(seconds=round(hour * 3600))


def is_working_day(day: date) -> bool:
    """Whether the bank's office works."""
    return day.weekday() < 5 and day not in HOLIDAYS


def after_working_hours(start: datetime, hours: float) -> datetime:
    """The moment when so many hours of office work have passed."""
    day, hour = start.date(), hour_of(start)
    opens, closes = OFFICE
    while True:
        if is_working_day(day):
            begin = max(hour, opens)
            if begin + hours <= closes:
                return at_hour(day, begin + hours)
            hours -= max(0.0, closes - begin)
        day, hour = day + timedelta(days=1), 0.0


@dataclass
class Application:
    """One application and what has happened to it."""

    dice: Dice
    number: int
    channel: str
    now: datetime
    device: str = ""
    purpose: str = ""
    is_known: bool = False
    amount: int = 0
    rows: list[dict[str, str]] = field(default_factory=list)

    def note(self, step: str, *, employee: str = "", amount: int | None = None) -> None:
        """Write the step down."""
        if self.rows and self.rows[-1]["time"] >= str(self.now):
            self.now = datetime.fromisoformat(self.rows[-1]["time"]) + timedelta(seconds=1)
        values = (
            f"C{10_000 + self.number}",
            f"L24-{self.number:05}",
            step,
            str(self.now),
            self.channel,
            self.device,
            employee,
            "" if amount is None else str(amount),
            "" if amount is None else "EUR",
            self.purpose,
            "known" if self.is_known else "new",
        )
        self.rows.append(dict(zip(COLUMNS, values, strict=True)))

    def wait_for_office(self, *hours: float) -> None:
        """Working hours pass: shortest, usual, longest."""
        self.now = after_working_hours(self.now, self.dice.around(*hours))

    def office(self, step: str, *hours: float, amount: int | None = None) -> None:
        """Somebody of the bank does it after working hours: shortest, usual, longest."""
        self.wait_for_office(*hours)
        self.note(step, employee=f"E{1 + int(self.dice.between(0, 14)):02}", amount=amount)

    def system(self, step: str, *minutes: float, amount: int | None = None) -> None:
        """A machine does it after minutes: shortest, usual, longest."""
        self.now += timedelta(seconds=round(60 * self.dice.around(*minutes)))
        self.note(step, amount=amount)

    def customer(self, step: str, *days: float) -> None:
        """The customer does it after days (shortest, usual, longest), when the channel is open."""
        wanted = self.now + timedelta(seconds=round(86_400 * self.dice.around(*days)))
        day = wanted.date()
        while (hours := open_hours(self.channel, day)) is None or at_hour(day, hours[1]) <= self.now:
            day += timedelta(days=1)
        opens = max(hours[0], hour_of(self.now)) if day == self.now.date() else hours[0]
        in_time = opens < hour_of(wanted) < hours[1] and day == wanted.date()
        self.now = wanted if in_time else at_hour(day, self.dice.between(opens, hours[1]))
        self.note(step)


def open_hours(channel: str, day: date) -> tuple[float, float] | None:
    """When people can come in this way; None for not on that day."""
    weekdays, saturday, sunday = CHANNELS[channel].hours
    if channel != "web" and day in HOLIDAYS:
        return None
    return weekdays if day.weekday() < 5 else saturday if day.weekday() == 5 else sunday


def live(application: Application) -> None:
    """One application from the first step to wherever it ends."""
    dice = application.dice
    channel = CHANNELS[application.channel]
    application.note("Application sent", amount=application.amount)
    if dice.hits(channel.leaves / 6):
        return
    application.office("Application checked", *channel.pickup)
    if dice.hits(0.03 if application.is_known else 0.07):
        application.office("Application declined", 0.1, 0.5, 3)
        return
    if (not application.is_known or dice.hits(0.3)) and not papers(application):
        return
    if not decision(application) or not offer(application):
        return
    paying_out(application)


def papers(application: Application) -> bool:
    """Papers are requested, come, and are requested again where something lacks; False where that is the end."""
    dice = application.dice
    channel = CHANNELS[application.channel]
    is_at_hand = dice.hits(channel.at_once)
    for letter in range(4):
        if not is_at_hand:
            application.office("Papers requested", 0.2, 0.8, 5)
            unanswered = channel.unanswered[application.now.date() >= CHANGE_DAY]
            if dice.hits(unanswered * (1 if letter == 0 else 2.5)) and not after_reminder(application):
                return False
        days = (0.01, 0.02, 0.05) if is_at_hand else channel.posting
        application.customer("Papers received", *days)
        if dice.hits(0.3 if application.channel == "web" else 0.06):
            application.customer("Papers received", 0.01, 0.3, 2)
        application.wait_for_office(0.5, 2.5, 10)
        incomplete = channel.incomplete[application.now.date() >= CHANGE_DAY]
        blurred = 1.35 if application.device == "mobile" else 1.0
        if letter == 3 or not dice.hits(incomplete * blurred * (1.0 if letter == 0 else 0.7)):
            break
        is_at_hand = False
    return True


def after_reminder(application: Application) -> bool:
    """A customer who does not answer is reminded; False where that does not help."""
    dice = application.dice
    application.office("Reminder sent", 45, 60, 90)
    if dice.hits(0.35):
        return True
    if dice.hits(0.75):
        application.customer("Customer withdrew", 1, 5, 20)
    return False


def decision(application: Application) -> bool:
    """The credit check, by a machine and for some by a person; False for no."""
    dice = application.dice
    channel = CHANNELS[application.channel]
    application.system("Credit check", 1, 4, 30)
    refused = channel.refused * (0.6 if application.is_known else 1.1)
    if application.purpose == "other loans":
        refused += 0.1
    if dice.hits(refused):
        application.office("Application declined", 0.3, 1.5, 8)
        return False
    if dice.hits(0.75 if application.amount > 20_000 else 0.1):
        application.office("Manual review", 8, 26, 70)
        if dice.hits(0.33):
            application.office("Application declined", 0.3, 1.5, 8)
            return False
    return True


def offer(application: Application) -> bool:
    """The offer, calls about it and sometimes a second one; False where the customer does not take it."""
    dice = application.dice
    channel = CHANNELS[application.channel]
    for round_ in range(3):
        application.office("Offer sent", 0.3, 1.2, 8, amount=application.amount)
        is_second_wanted = dice.hits(0.1) and round_ < 2
        if is_second_wanted or dice.hits(0.3 if application.channel == "branch" else 0.45):
            application.office("Customer called", 6, 15, 40)
            if dice.hits(0.25):
                application.office("Customer called", 6, 15, 40)
        if dice.hits(channel.leaves):
            if dice.hits(0.7):
                application.customer("Customer withdrew", 1, 6, 25)
            return False
        if not is_second_wanted:
            break
        application.amount = int(application.amount * dice.between(0.75, 1.1)) // 100 * 100
    application.customer("Offer accepted", 0.1, 1.5, 12)
    return True


def paying_out(application: Application) -> None:
    """Identity, signature, money."""
    dice = application.dice
    if not application.is_known:
        for _ in range(2):
            application.customer("Identity checked", 0.01, 0.4, 7)
            if not dice.hits({"mobile": 0.2, "desktop": 0.1, "tablet": 0.1}.get(application.device, 0.02)):
                break
        if dice.hits(0.06 if application.channel == "web" else 0.02):
            return
    application.customer("Contract signed", 0.02, 0.8, 10)
    application.office("Loan paid out", 3, 9, 26, amount=application.amount)


def applications(dice: Dice) -> Iterator[Application]:
    """The applications of all days, in the order of their numbers."""
    number = 0
    day = FIRST_DAY
    while day <= LAST_DAY:
        moments = []
        for name, channel in CHANNELS.items():
            hours = open_hours(name, day)
            if hours is None:
                continue
            expected = channel.per_day[day >= CHANGE_DAY] * channel.weekdays[day.weekday()]
            for _ in range(int(expected * dice.between(0.7, 1.3) + dice.between(0, 1))):
                # Half of the people on the web come in the evening.
                is_evening = name == "web" and dice.hits(0.5)
                hour = dice.between(17.5, 22.5) if is_evening else dice.between(*hours)
                moments.append((at_hour(day, hour), name))
        for moment, name in sorted(moments):
            number += 1
            purpose = dice.one_of({purpose: share for purpose, (share, _) in PURPOSES.items()})
            yield Application(
                dice,
                number,
                name,
                moment,
                device=dice.one_of(DEVICES) if name == "web" else "",
                purpose=purpose,
                is_known=dice.hits(0.45 if name == "branch" else 0.2 if name != "partner" else 0.05),
                amount=int(dice.around(*PURPOSES[purpose][1]) * 10) * 100,
            )
        day += timedelta(days=1)


def make_log() -> str:
    """The log as CSV text: each application with its steps in time order, up to the end of the last day."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    end = str(LAST_DAY + timedelta(days=1))
    for application in applications(Dice(seed=2053)):
        live(application)
        writer.writerows(row for row in application.rows if row["time"] < end)
    return text.getvalue()


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress(make_log().encode(), mtime=0))
