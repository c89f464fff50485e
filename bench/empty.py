"""An empty Django view in the same kind of process that serves the pages. Its socket is the number in the first argument."""

from __future__ import annotations

import socket
import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from prewatt.processes.database import load_models


def view(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("nothing")


urlpatterns = [path("", view)]

if __name__ == "__main__":
    load_models()
    settings.ROOT_URLCONF = "bench.empty"
    settings.MIDDLEWARE = []
    from prewatt.processes.pages.process import serve
    from prewatt.server.wsgi import application

    serve(application, socket.socket(fileno=int(sys.argv[1])))
