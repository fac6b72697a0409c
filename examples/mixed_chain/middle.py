"""The service in the middle of a mixed chain. It knows nothing of tracing: OpenTelemetry instruments it from outside."""

import os

import requests
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

app = FastAPI(default_response_class=PlainTextResponse)


@app.get("/plain")
def plain():
    return requests.get(os.environ["CALLEE"], timeout=10).text


@app.get("/forwarding")
def forwarding(request: Request):
    """Takes the request id along, which OpenTelemetry does not."""
    headers = {"x-request-id": request.headers["x-request-id"]}
    return requests.get(os.environ["CALLEE"], headers=headers, timeout=10).text


uvicorn.run(app, port=0)
