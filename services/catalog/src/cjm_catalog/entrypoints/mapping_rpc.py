"""MappingService."""

from typing import Any

from cjm_catalog.application.mappings import Mappings
from cjm_catalog.domain.repairs import offered_repairs
from cjm_catalog.entrypoints.translate import caller, mapping_message, mapping_spec, offer_message
from cjm_kit.rpc import allow
from cjm_protos.catalog.v1 import mapping_pb2, mapping_pb2_grpc


class MappingServicer(mapping_pb2_grpc.MappingServiceServicer):
    """Named, reusable descriptions of how the columns of a file become event fields."""

    def __init__(self, mappings: Mappings) -> None:
        self._mappings = mappings

    @allow("staff")
    async def CreateMapping(
        self, request: mapping_pb2.CreateMappingRequest, context: Any
    ) -> mapping_pb2.CreateMappingResponse:
        """Makes a mapping."""
        view = await self._mappings.create(caller(), mapping_spec(request.mapping))
        return mapping_pb2.CreateMappingResponse(mapping=mapping_message(view.mapping, view.owner))

    @allow("staff", "service")
    async def GetMapping(self, request: mapping_pb2.GetMappingRequest, context: Any) -> mapping_pb2.GetMappingResponse:
        """Gives one mapping."""
        view = await self._mappings.get(request.mapping_id)
        return mapping_pb2.GetMappingResponse(mapping=mapping_message(view.mapping, view.owner))

    @allow("staff")
    async def ListMappings(
        self, request: mapping_pb2.ListMappingsRequest, context: Any
    ) -> mapping_pb2.ListMappingsResponse:
        """Lists mappings by name."""
        page = await self._mappings.page(request.page_size, request.page_token)
        return mapping_pb2.ListMappingsResponse(
            mappings=[mapping_message(view.mapping, view.owner) for view in page.items],
            next_page_token=page.next_cursor,
        )

    @allow("staff")
    async def DeleteMapping(
        self, request: mapping_pb2.DeleteMappingRequest, context: Any
    ) -> mapping_pb2.DeleteMappingResponse:
        """Deletes a mapping."""
        await self._mappings.delete(caller(), request.mapping_id)
        return mapping_pb2.DeleteMappingResponse()

    @allow("staff", "service")
    async def OfferRepairs(
        self, request: mapping_pb2.OfferRepairsRequest, context: Any
    ) -> mapping_pb2.OfferRepairsResponse:
        """Tells what can be done about faults."""
        return mapping_pb2.OfferRepairsResponse(
            offers=[offer_message(offered_repairs(fault.field, fault.reason)) for fault in request.faults]
        )
