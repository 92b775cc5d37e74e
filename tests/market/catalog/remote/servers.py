"""Object stores of these tests: moto's S3 and an emulator of Google's, with what they are asked."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from pipeline.native.address import Address

BUCKET = "bars"
#: What makes a client ask somebody else than the server of a test.
_ELSEWHERE = ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS")


@dataclass
class Server:
    """A server of S3, whose requests are noted, and some of which a test answers."""

    address: Address
    url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    #: Is given the method and path of a request; returns a status and body, or None to let it be.
    answer: Callable[[str, str], tuple[int, str] | None] = lambda method, path: None

    @contextmanager
    def answering(self, answer: Callable[[str, str], tuple[int, str] | None]) -> Iterator[None]:
        self.answer = answer
        try:
            yield
        finally:
            self.answer = lambda method, path: None

    def read(self) -> list[str]:
        """The names of the objects that were read since the last call, without the manifest."""
        prefix = f"/{self.address.key('')}/"
        found = [path.removeprefix(prefix) for method, path in self.asked if method == "GET"]
        self.asked.clear()
        return sorted(one for one in found if one.endswith(".parquet"))


class _Quiet(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Nothing."""


@contextmanager
def s3_server() -> Iterator[Server]:
    from moto.server import DomainDispatcherApplication, create_backend_app

    inner = DomainDispatcherApplication(create_backend_app)

    def app(environ: dict[str, Any], start: Any) -> Any:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        found.asked.append((method, path))
        own = found.answer(method, path)
        if own is None:
            return inner(environ, start)
        status, body = own
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        content = b"" if method == "HEAD" else body.encode()
        kinds = [("Content-Type", "application/xml"), ("Content-Length", str(len(content)))]
        start(f"{status} of a test", kinds)
        return [content]

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    found = Server(Address("s3", BUCKET, "some/where"), f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        for name in _ELSEWHERE:
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ENDPOINT_URL", found.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "a")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        from pyarrow import fs

        files = fs.S3FileSystem(endpoint_override=found.url, allow_bucket_creation=True)
        files.create_dir(BUCKET)
        yield found
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def gs_server() -> Iterator[Address]:
    from gcp_storage_emulator.server import create_server

    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=BUCKET)
    server.start()
    port = server._api._httpd.server_address[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        yield Address("gs", BUCKET, "some/where")
        server.stop()


def error(code: str) -> str:
    """The body of a refusal, as S3 writes it."""
    return f"<Error><Code>{code}</Code><Message>of a test</Message></Error>"
