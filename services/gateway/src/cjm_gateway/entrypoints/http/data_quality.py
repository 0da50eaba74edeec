"""What is in the fields of a dataset, and what looks wrong in it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from cjm_gateway.entrypoints.http.auth import staff_only
from cjm_gateway.entrypoints.http.datasets import read_dataset
from cjm_gateway.entrypoints.http.gateway import QUESTION_DEADLINE_SECONDS, GatewayDep
from cjm_gateway.entrypoints.http.shapes import Body, Instant, Shape, instant, instant_or_none, word, words
from cjm_protos.catalog.v1 import dataset_pb2
from cjm_protos.ingest.v1 import fixes_pb2, questions_pb2

router = APIRouter(prefix="/api/v1/datasets/{dataset_id}", tags=["Datasets"], dependencies=[staff_only])

LevelWord = Literal["good", "check", "problem"]
KindWord = Literal[
    "rejected_rows",
    "duplicates",
    "future_times",
    "same_time",
    "days_without_data",
    "rare_steps",
    "similar_steps",
    "surrounding_blanks",
]
FixableWord = Literal["duplicates", "future_times", "similar_steps", "surrounding_blanks"]

# A fix writes all events of the dataset anew.
_FIX_DEADLINE_SECONDS = 900.0


class TopValue(Shape):
    """A frequent value and its events."""

    value: str
    count: int


class FieldDescription(Shape):
    """What is in a field."""

    field: Annotated[str, Field(description="Event field, or `properties.<name>`.")]
    count: Annotated[int, Field(description="Events with a value.")]
    distinct: Annotated[int, Field(description="Different values.")]
    values: Annotated[
        list[TopValue], Field(description="The five most frequent, cut to 200 characters; empty for number fields.")
    ]
    min: Annotated[float | None, Field(description="Smallest value of a number field.")]
    max: Annotated[float | None, Field(description="Largest value of a number field.")]


AsOf = Annotated[
    Instant,
    Field(
        description="When the events were looked at. While events keep changing, an answer that took more than 0.2 s "
        "serves for 20 times as long as it took."
    ),
]
IsCurrent = Annotated[bool, Field(description="False when events changed since.")]


class FieldDescriptions(Shape):
    """The fields that have values."""

    events: int
    items: list[FieldDescription]
    properties: Annotated[
        int, Field(description="Properties with a value; of more than 100, items has the 100 with the most values.")
    ]
    as_of: AsOf
    is_current: IsCurrent


class QualityExample(Shape):
    """An example; what does not apply to the kind of finding is null or empty."""

    customer_id: str | None
    field: str | None
    values: Annotated[list[str], Field(description="Steps, or values of the field.")]
    time: Instant | None
    first_date: Annotated[str | None, Field(description="First day without data.")]
    last_date: Annotated[str | None, Field(description="Last day without data.")]
    count: Annotated[int, Field(description="Events, or days.")]


class QualityFinding(Shape):
    """How many of one kind were found."""

    kind: KindWord
    count: int
    total: Annotated[int, Field(description="Of how many: events, days, steps, or rows of the import.")]
    level: LevelWord
    check_ratio: Annotated[float, Field(description="Part of the total from which on the level is check; 0 means any.")]
    problem_ratio: Annotated[float, Field(description="Part of the total from which on the level is problem.")]
    import_id: Annotated[str | None, Field(description="The import whose rows were rejected.")]
    fixable: Annotated[
        int,
        Field(description="Events that a fix would change or remove; 0 for kinds of which nothing true can be said."),
    ]
    examples: Annotated[list[QualityExample], Field(description="Five at most.")]


class Quality(Shape):
    """What was looked for in a dataset and what was found."""

    events: int
    level: Annotated[LevelWord | None, Field(description="The worst level; null when there is nothing to judge.")]
    findings: Annotated[list[QualityFinding], Field(description="One per kind, also of those that found nothing.")]
    as_of: AsOf
    is_current: IsCurrent


@router.get("/fields", summary="Fields of a dataset")
async def describe_fields(dataset_id: str, gateway: GatewayDep) -> FieldDescriptions:
    """Customer, step and the other fields that have values: how full, how varied, what is in them."""
    answer = await gateway.services.questions.DescribeFields(
        questions_pb2.DescribeFieldsRequest(dataset_id=dataset_id), timeout=QUESTION_DEADLINE_SECONDS
    )
    return FieldDescriptions(
        events=answer.events_count,
        items=[
            FieldDescription(
                field=item.field,
                count=item.events_count,
                distinct=item.values_count,
                values=[TopValue(value=top.value, count=top.events_count) for top in item.top_values],
                min=item.min_value if item.HasField("min_value") else None,
                max=item.max_value if item.HasField("max_value") else None,
            )
            for item in answer.fields
        ],
        properties=answer.properties_count,
        as_of=instant(answer.as_of),
        is_current=answer.is_current,
    )


@router.get("/quality", summary="Quality of a dataset")
async def check_quality(dataset_id: str, gateway: GatewayDep) -> Quality:
    """What looks wrong in the events and the newest import, and the word for it: good, check or problem.

    Every finding says from which part of the total on it counts as check and as problem; the dataset gets the worst.
    """
    answer = await gateway.services.questions.CheckQuality(
        questions_pb2.CheckQualityRequest(dataset_id=dataset_id), timeout=QUESTION_DEADLINE_SECONDS
    )
    return Quality(
        events=answer.events_count,
        level=_level(answer.level) if answer.level else None,
        findings=[
            QualityFinding(
                kind=word(questions_pb2.QualityFindingKind, finding.kind),  # type: ignore[arg-type]
                count=finding.found_count,
                total=finding.total_count,
                level=_level(finding.level),
                check_ratio=finding.check_ratio,
                problem_ratio=finding.problem_ratio,
                import_id=finding.import_id or None,
                fixable=finding.fixable_count,
                examples=[_example(example) for example in finding.examples],
            )
            for finding in answer.findings
        ],
        as_of=instant(answer.as_of),
        is_current=answer.is_current,
    )


class FixInput(Body):
    """What to fix."""

    kind: FixableWord


class FixResult(Shape):
    """What was fixed; zeros when there was nothing to fix any more."""

    kind: FixableWord
    changed: Annotated[int, Field(description="Events with another value than before.")]
    removed: Annotated[int, Field(description="Events taken out of every number.")]


@router.post("/fixes", summary="Fix a finding")
async def fix_finding(dataset_id: str, wanted: FixInput, gateway: GatewayDep) -> FixResult:
    """Fix all that is there of one kind, for good; for the owner of the dataset and administrators.

    `duplicates`: the first event of a customer, step and time stays; the ids of the others stay known, so that they do
    not come back. `future_times`: events later than now are removed; sent again with another time they count.
    `similar_steps`: the most frequent spelling stays, also for events to come and as the goal. `surrounding_blanks`:
    blanks around customers, steps and texts are cut off, of steps also those of events to come. What is done to the
    steps of events to come is listed and ends under `step-aliases`.

    Takes about a second for a million events and goes on when you do not wait. Numbers change all at once at the end.
    """
    kind = words(questions_pb2.QualityFindingKind)[wanted.kind]
    goal = (await read_dataset(gateway, dataset_id)).goal_activity
    answer = await gateway.services.fixes.FixFinding(
        fixes_pb2.FixFindingRequest(dataset_id=dataset_id, kind=kind, goal_activity=goal), timeout=_FIX_DEADLINE_SECONDS
    )
    if answer.goal_activity != goal:
        change = dataset_pb2.UpdateDatasetRequest(dataset_id=dataset_id, goal_activity=answer.goal_activity)
        await gateway.services.datasets.UpdateDataset(change)
    return FixResult(kind=wanted.kind, changed=answer.changed_count, removed=answer.removed_count)


class StepAliasShape(Shape):
    """Another name of a step, under which events come in."""

    alias: str
    activity: Annotated[str, Field(description="The step that they are of.")]


class StepAliases(Shape):
    """Other names of steps, by step, then by name."""

    items: list[StepAliasShape]


@router.get("/step-aliases", summary="List other names of steps")
async def list_step_aliases(dataset_id: str, gateway: GatewayDep) -> StepAliases:
    """Names under which events still come in and count as another step, because a fix has merged or shortened them."""
    answer = await gateway.services.fixes.ListStepAliases(fixes_pb2.ListStepAliasesRequest(dataset_id=dataset_id))
    return StepAliases(items=[StepAliasShape(alias=item.alias, activity=item.activity) for item in answer.aliases])


@router.delete("/step-aliases", summary="End another name of a step", status_code=204)
async def delete_step_alias(
    dataset_id: str, gateway: GatewayDep, alias: Annotated[str, Query(description="As it is listed, with its blanks.")]
) -> None:
    """Events that come in under this name from now on are a step of their own; stored ones stay as they are."""
    request = fixes_pb2.DeleteStepAliasRequest(dataset_id=dataset_id, alias=alias)
    await gateway.services.fixes.DeleteStepAlias(request)


def _level(level: int) -> LevelWord:
    return word(questions_pb2.QualityLevel, level)  # type: ignore[return-value]


def _example(example: questions_pb2.QualityExample) -> QualityExample:
    return QualityExample(
        customer_id=example.customer_id or None,
        field=example.field or None,
        values=list(example.values),
        time=instant_or_none(example, "time"),
        first_date=example.first_date or None,
        last_date=example.last_date or None,
        count=example.found_count,
    )
