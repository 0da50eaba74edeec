"""Every text the bot says. Whole sentences with placeholders, so that another language is another module like this."""

from cjm_bot.domain import DayNumbers, EndedAnalysis, RecentDays

COMMANDS = {
    "today": "Numbers of the latest day",
    "map": "Picture of your last analysis",
    "unlink": "Stop messages to this chat",
    "help": "What this bot can do",
}
HELP = (
    "/today shows the numbers of the latest day with a chart.\n"
    "/map shows the picture of your last analysis.\n"
    "/unlink ends the link between this chat and your account.\n"
    "When an analysis you started ends, its picture arrives here."
)
START = "This bot shows your customers' journeys. Open Settings, Telegram on the web page and choose Link Telegram."
NOT_LINKED = "This chat is not linked yet. Open Settings, Telegram on the web page and choose Link Telegram."
CODE_ENDED = "This code is used up, mistyped or older than 10 minutes. Get a new code on the web page."
LINKED = f"This chat is linked to your account.\n\n{HELP}"
UNLINKED = "This chat is no longer linked. No more messages come here."
ACCOUNT_ENDED = (
    "Your account can no longer sign in, so this chat is not linked any more. Ask your administrator for access."
)
NO_NUMBERS = "There are no touchpoints yet. Import a file on the web page, then send /today again."
ALL_AHEAD = (
    "This day is still to come: every touchpoint has a time later than today. "
    "Open Quality of the dataset on the web page."
)
NO_MAP = (
    "You have no finished analysis of a dataset that you may analyse now. Open Explore, Models on the web page, choose "
    "Start analysis, then send /map."
)
TRY_AGAIN = "The numbers cannot be read right now. Try again in a minute."
TEST = "This is a test message. Telegram is linked to your account."
CHART_TITLE = "Touchpoints per day"

_KINDS = {
    "directly_follows": "Journey map",
    "alpha": "Alpha model",
    "heuristics_net": "Heuristics net",
    "inductive_tree": "Process tree",
    "inductive_petri": "Inductive Petri net",
    "heuristics_petri": "Heuristics Petri net",
    "dfg_petri": "Petri net of the journey map",
}


def today(recent: RecentDays) -> str:
    """The numbers of the latest day against the day before; `recent.days` is not empty."""
    latest = recent.days[-1]
    before = recent.days[-2] if len(recent.days) > 1 else DayNumbers(latest.day, 0, 0)
    sentence = (
        f"{day_name(latest)}: {counted(latest.touchpoints_count, 'touchpoint')} "
        f"({change(latest.touchpoints_count, before.touchpoints_count)} on the day before) "
        f"from {counted(latest.customers_count, 'customer')} "
        f"({change(latest.customers_count, before.customers_count)})."
    )
    sentences = [sentence]
    if recent.today and latest.day > recent.today:
        sentences.append(ALL_AHEAD)
    elif recent.last_event_at and latest.day == recent.today:
        sentences.append(f"Data until {recent.last_event_at:%H:%M} UTC. Today's numbers will grow.")
    match recent.own_private_count:
        case 0:
            sentences.append("All public datasets.")
        case 1:
            sentences.append("All public datasets and your private one.")
        case count:
            sentences.append(f"All public datasets and your {count:,} private ones.")
    return "\n".join(sentences)


def analysis(ended: EndedAnalysis) -> str:
    """How an analysis ended, in one sentence or two."""
    name = f"{_KINDS[ended.kind]} of {ended.dataset_name}"
    if not ended.has_result:
        return f"{name} ended without a result. {ended.error_detail}".rstrip()
    basis = f"{counted(ended.events_count, 'event')} in {counted(ended.cases_count, 'journey')}"
    if ended.is_partial:
        return f"{name} is only partly ready: {basis}. {ended.error_detail}".rstrip()
    return f"{name} is ready: {basis}."


def last_map(ended: EndedAnalysis) -> str:
    """What the picture of the last analysis shows."""
    return f"{analysis(ended)} Made on {ended.finished_at.day} {ended.finished_at:%b %Y, %H:%M} UTC."


def day_name(numbers: DayNumbers) -> str:
    """A day as people write it, for example "7 May 2024"."""
    return f"{numbers.day.day} {numbers.day:%b %Y}"


def counted(count: int, noun: str) -> str:
    """A count with its noun, for example "1 customer"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def change(now_count: int, before_count: int) -> str:
    """Difference to a count before, for example "+12, +2.9%"; without percent where there is no base."""
    difference = now_count - before_count
    if difference == 0:
        return "no change"
    if before_count == 0:
        return f"{difference:+,}"
    percent = 100 * difference / before_count
    if abs(percent) < 0.1:
        return f"{difference:+,}, under 0.1%"
    if -100 < percent < -99.9:
        percent = -99.9  # Only what is all gone is 100 %.
    return f"{difference:+,}, {percent:+,.{0 if 10 <= abs(percent) < 99.5 or abs(percent) >= 100 else 1}f}%"
