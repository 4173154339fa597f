"""REST of uploads: store a file, read it back."""

from __future__ import annotations

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from realtime.conf import setting
from realtime.errors import NotFound, TooLarge
from realtime.fields import RefField
from uploads.models import PUBLIC_PREFIX
from uploads.selectors import upload_readable
from uploads.services import upload_create
from uploads.serving import upload_response

FORM_BYTES = 16 * 1024  # what a multipart form may add to its file


class UploadForm(serializers.Serializer):
    """The form's fields. The file itself is judged by `upload_create`."""

    file = serializers.FileField(allow_empty_file=True, max_length=None, use_url=False)
    ref = RefField()


class UploadOut(serializers.Serializer):
    """A stored file; ``attachment`` is what a message or post names."""

    attachment = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    duplicate = serializers.BooleanField(default=False, help_text="this ref had made it before")


class UploadsView(APIView):
    permission_classes = (IsAuthenticated,)
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary="Store a file",
        operation_id="uploads_create",
        request={"multipart/form-data": UploadForm},
        responses={200: UploadOut, 201: UploadOut},
    )
    def post(self, request: Request) -> Response:
        """Its type is read from its content, and its name is made by the server."""
        _refuse_long_body(request)
        form = UploadForm(data=request.data)
        form.is_valid(raise_exception=True)
        upload, duplicate = upload_create(owner=request.user, **form.validated_data)
        answer = {**UploadOut(upload).data, "duplicate": duplicate}
        return Response(answer, status=status.HTTP_200_OK if duplicate else status.HTTP_201_CREATED)


class UploadView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        summary="Read a file",
        operation_id="uploads_read",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, path: str) -> HttpResponseBase:
        """For its uploader and whoever may read a message or post that uses it; everyone else gets 404,
        whether it exists or not. One byte range is served, for players."""
        upload = upload_readable(user=request.user, path=PUBLIC_PREFIX + path)
        if upload is None:
            raise NotFound
        # We give out no validator, so none that a client names can match: then the whole file is due.
        range_header = "" if "If-Range" in request.headers else request.headers.get("Range", "")
        return upload_response(upload=upload, range_header=range_header)


def _refuse_long_body(request: Request) -> None:
    """Before the form is parsed, which would copy it to disk.

    Raises:
        TooLarge: by its own account the body is too long for a file that we take.
    """
    limit = setting("KITH_UPLOAD_BYTES")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > limit + FORM_BYTES:
        raise TooLarge(f"The file is larger than {limit} bytes.", field="file")
