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
_HOW_TO_LINK = "open Settings, Telegram on the web page of Customer Journey Master and choose Link Telegram."
START = f"This bot shows your customers' journeys. To see them here, {_HOW_TO_LINK}"
NOT_LINKED = f"This chat is not linked to an account. To link it, {_HOW_TO_LINK}"
CODE_ENDED = (
    "This code is used up, mistyped or older than 10 minutes. Get a new code on the web page, in Settings, Telegram."
)
LINKED = f"This chat is linked to your account.\n\n{HELP}"
UNLINKED = f"This chat is no longer linked. No more messages come here. To link it again, {_HOW_TO_LINK}"
ACCOUNT_ENDED = (
    "Your account can no longer sign in, so this chat is not linked any more. Ask your administrator for access."
)
NO_NUMBERS = (
    "There are no touchpoints yet, neither in the public datasets nor in your own. Import a file on the web page, then "
    "send /today again."
)
LATEST_DAY = "This is the latest day with touchpoints."
ALL_AHEAD = (
    "This day is still to come: every touchpoint has a time later than today. "
    "Open Quality of the dataset on the web page."
)
NO_MAP = (
    "You have no finished analysis of a dataset that you may analyse now. Open Explore, Models on the web page, choose "
    "Build model, then send /map."
)
NO_PICTURE = "It cannot be drawn as a picture. Open it in History on the web page."
TRY_AGAIN = "This cannot be answered right now. Try again in a minute."
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
    """The numbers of the latest day, against the day before if there is one; `recent.days` is not empty."""
    *_, before, latest = None, *recent.days
    touchpoints = counted(latest.touchpoints_count, "touchpoint")
    customers = counted(latest.customers_count, "customer")
    if before:
        touchpoints += f" ({change(latest.touchpoints_count, before.touchpoints_count)} on the day before)"
        customers += f" ({change(latest.customers_count, before.customers_count)})"
    sentences = [f"{day_name(latest)}: {touchpoints} from {customers}."]
    if recent.today and latest.day > recent.today:
        sentences.append(ALL_AHEAD)
    elif recent.last_event_at and latest.day == recent.today:
        sentences.append(f"Data until {recent.last_event_at:%H:%M} UTC. Today's numbers will grow.")
    else:
        sentences.append(LATEST_DAY)
    match recent.own_private_count:
        case 0:
            sentences.append("Counted in all public datasets.")
        case 1:
            sentences.append("Counted in all public datasets and your private one.")
        case count:
            sentences.append(f"Counted in all public datasets and your {count:,} private ones.")
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
