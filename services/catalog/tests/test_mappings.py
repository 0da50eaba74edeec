"""Mappings over gRPC."""

from cjm_kit.errors import Code
from cjm_protos.catalog.v1 import mapping_pb2 as mapping

from .conftest import Catalog, good_mapping, refused


async def test_a_mapping_is_kept_listed_and_deleted(catalog: Catalog) -> None:
    await catalog.user("anna")
    with catalog.acting("anna"):
        made = (await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=good_mapping()))).mapping
        assert (made.time_zone, made.decimal_sign, made.owner) == ("UTC", ".", "anna")
        assert made.columns == good_mapping().columns
        assert made.step_rules == good_mapping().step_rules
        with refused(Code.ALREADY_EXISTS, "mapping_name_taken"):
            await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=good_mapping("SHOP ")))
        for name in ("b", "A"):
            await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=good_mapping(name)))
        first = await catalog.mappings.ListMappings(mapping.ListMappingsRequest(page_size=2))
        second = await catalog.mappings.ListMappings(mapping.ListMappingsRequest(page_token=first.next_page_token))
        assert [item.name for item in [*first.mappings, *second.mappings]] == ["A", "b", "shop"]
        read = await catalog.mappings.GetMapping(mapping.GetMappingRequest(mapping_id=made.mapping_id))
        assert read.mapping == made
        await catalog.mappings.DeleteMapping(mapping.DeleteMappingRequest(mapping_id=made.mapping_id))
        with refused(Code.NOT_FOUND, "mapping_not_found"):
            await catalog.mappings.GetMapping(mapping.GetMappingRequest(mapping_id=made.mapping_id))


async def test_how_a_file_is_written_is_kept(catalog: Catalog) -> None:
    await catalog.user("anna")
    given = good_mapping()
    given.encoding, given.separator, given.headerless = "windows-1251", "\t", True
    with catalog.acting("anna"):
        made = [
            (await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=item))).mapping
            for item in (given, good_mapping("plain"))
        ]
        for item in made:
            read = await catalog.mappings.GetMapping(mapping.GetMappingRequest(mapping_id=item.mapping_id))
            assert read.mapping == item
    assert [(item.encoding, item.separator, item.headerless) for item in made] == [
        ("windows-1251", "\t", True),
        ("UTF-8", "", False),
    ]


async def test_only_owner_and_administrators_delete(catalog: Catalog) -> None:
    for name in ("anna", "bert"):
        await catalog.user(name)
    with catalog.acting("anna"):
        made = (await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=good_mapping()))).mapping
    request = mapping.DeleteMappingRequest(mapping_id=made.mapping_id)
    with catalog.acting("bert"):
        assert (await catalog.mappings.GetMapping(mapping.GetMappingRequest(mapping_id=made.mapping_id))).mapping
        with refused(Code.PERMISSION_DENIED, "mapping_delete_not_allowed"):
            await catalog.mappings.DeleteMapping(request)
    with catalog.acting("admin"):
        await catalog.mappings.DeleteMapping(request)


async def test_every_fault_is_named_with_its_place(catalog: Catalog) -> None:
    bad = mapping.Mapping(
        columns=[
            mapping.MappingColumn(field="customer_id", column="user"),
            mapping.MappingColumn(field="customer_id", column="client"),
            mapping.MappingColumn(field="colour", column="colour"),
            mapping.MappingColumn(field="time", function=mapping.FUNCTION_DATE),
        ],
        step_rules=[mapping.StepRule(pattern="cart", name="Cart"), mapping.StepRule(pattern="cart", name="Basket")],
    )
    with catalog.acting("admin"), refused(Code.INVALID_ARGUMENT, "mapping_invalid") as error:
        await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=bad))
    assert {(fault.field, fault.reason, fault.row) for fault in error.violations} == {
        ("name", "name_empty", None),
        ("customer_id", "field_repeated", 2),
        ("colour", "field_unknown", 3),
        ("time", "function_without_column", 4),
        ("action_type", "field_missing", None),
        ("step_rules", "step_rule_repeated", 2),
    }


async def test_a_mapping_is_kept_in_its_normal_form(catalog: Catalog) -> None:
    given = good_mapping()
    given.columns[0].field = " customer_id "
    given.columns.add(field="properties.colour", column=" Colour ")
    with catalog.acting("admin"):
        made = (await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=given))).mapping
    assert [(c.field, c.column) for c in made.columns][::3] == [
        ("customer_id", "user_id"),
        ("properties.colour", "Colour"),
    ]


async def test_what_can_be_repaired_is_what_a_mapping_may_say(catalog: Catalog) -> None:
    faults = [
        mapping.Fault(field="value", reason="not_a_number"),
        mapping.Fault(field="", reason="too_few_columns"),
        mapping.Fault(field="properties.note", reason="text_too_long"),
    ]
    offers = (await catalog.mappings.OfferRepairs(mapping.OfferRepairsRequest(faults=faults))).offers
    assert [list(offer.actions) for offer in offers] == [
        [mapping.REPAIR_ACTION_LEAVE_EMPTY],
        [],
        [mapping.REPAIR_ACTION_CUT, mapping.REPAIR_ACTION_LEAVE_EMPTY],
    ]
    bad = good_mapping()
    bad.columns[0].repairs.add(reason="field_missing", action=mapping.REPAIR_ACTION_USE_TEXT, text="Anybody")
    bad.columns.add(field="value", column="amount").repairs.add(reason="not_a_number")
    with catalog.acting("admin"), refused(Code.INVALID_ARGUMENT, "mapping_invalid") as error:
        await catalog.mappings.CreateMapping(mapping.CreateMappingRequest(mapping=bad))
    assert [(fault.field, fault.reason, fault.row) for fault in error.violations] == [
        ("customer_id", "repair_not_possible", 1),
        ("value", "repair_not_possible", 4),
    ]
