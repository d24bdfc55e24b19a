"""A sample app that shows the host's behaviour from the inside: handlers that echo, wait, fail and take notes."""

import asyncio
import json
import logging
import os
import threading
import time
from pathlib import Path

import azure.functions as func

logger = logging.getLogger("sample")
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("echo/{first}/{second?}")
def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "url": req.url,
        "query": dict(req.params),
        "headers": dict(req.headers),
        "route": dict(req.route_params),
        "body": req.get_body().decode(),
        "trace_parent": context.trace_context.trace_parent,
        "invocation": context.invocation_id,
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route("bytes", methods=["POST"])
def same_bytes(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), mimetype="application/octet-stream")


@app.route("size", methods=["POST"])
def size(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(len(req.get_body())))


@app.route("who", methods=["GET"])
async def who(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    del req
    return func.HttpResponse(json.dumps({"invocation": context.invocation_id}))


@app.route("logs", methods=["GET"])
async def logs(req: func.HttpRequest) -> func.HttpResponse:
    del req
    logger.info("own task")
    await asyncio.create_task(log_in_a_task())
    await asyncio.get_running_loop().run_in_executor(None, logger.info, "pool thread")
    return func.HttpResponse("logged")


async def log_in_a_task() -> None:
    logger.info("child task")


@app.route("logs-plainly", methods=["GET"])
def logs_plainly(req: func.HttpRequest) -> func.HttpResponse:
    del req
    logger.info("plain handler")
    thread = threading.Thread(target=logger.info, args=("other thread",))
    thread.start()
    thread.join()
    return func.HttpResponse("logged")


@app.route("things/{name}", methods=["GET", "POST"])
def thing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"thing {req.route_params['name']}")


@app.route("things/list", methods=["GET"])
def things(req: func.HttpRequest) -> func.HttpResponse:
    del req
    return func.HttpResponse("list")


@app.route("things/{number:int}", methods=["GET"])
def numbered(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"number {req.route_params['number']}")


@app.route("things/{*rest}", methods=["GET"])
def rest(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"rest {req.route_params['rest']}")


@app.route("unnamed", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def keyed(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.params.get("code", "no code"))


@app.route("owner", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def owner(req: func.HttpRequest) -> func.HttpResponse:
    del req
    return func.HttpResponse("owner")


@app.route(methods=["GET"])
def switched_off(req: func.HttpRequest) -> func.HttpResponse:
    del req
    return func.HttpResponse("on")


@app.route("cookies", methods=["GET"])
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    del req
    response = func.HttpResponse("done", status_code=201, headers={"Cache-Control": "no-store"})
    response.headers.add("Set-Cookie", "__Host-flow=a=b==; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600")
    response.headers.add("Set-Cookie", "old=; Expires=Thu, 01 Jan 2026 00:00:00 GMT")
    return response


@app.route("empty", methods=["GET"])
def empty(req: func.HttpRequest) -> func.HttpResponse:
    del req
    return func.HttpResponse(status_code=204)


@app.route("broken", methods=["GET"])
def broken(req: func.HttpRequest) -> func.HttpResponse:
    del req
    raise RuntimeError("the reason that only the log knows")


@app.route("slow", methods=["GET"])
def slow(req: func.HttpRequest) -> func.HttpResponse:
    begun = time.monotonic()
    time.sleep(float(req.params["seconds"]))
    return func.HttpResponse(json.dumps([begun, time.monotonic()]))


@app.route("slow-async", methods=["GET"])
async def slow_async(req: func.HttpRequest) -> func.HttpResponse:
    begun = time.monotonic()
    await asyncio.sleep(float(req.params["seconds"]))
    return func.HttpResponse(json.dumps([begun, time.monotonic()]))


def _note(name: str, timer: func.TimerRequest) -> None:
    schedule_status = getattr(timer, "schedule_status", None)
    with Path(os.environ["NOTES_FILE"]).open("a") as notes:
        notes.write(json.dumps({"timer": name, "past_due": timer.past_due, "status": schedule_status}) + "\n")


@app.timer_trigger(arg_name="timer", schedule="%NIGHTLY%")
def nightly(timer: func.TimerRequest) -> None:
    _note("nightly", timer)


@app.timer_trigger(arg_name="timer", schedule="%OFTEN%")
def often(timer: func.TimerRequest) -> None:
    _note("often", timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
async def switched_off_timer(timer: func.TimerRequest) -> None:
    _note("switched_off_timer", timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", use_monitor=False)
async def yearly(timer: func.TimerRequest) -> None:
    await asyncio.sleep(float(os.environ["YEARLY_SECONDS"]))
    _note("yearly", timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True, use_monitor=False)
def at_start(timer: func.TimerRequest) -> None:
    _note("at_start", timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", use_monitor=False)
def failing(timer: func.TimerRequest) -> None:
    del timer
    raise RuntimeError("the reason that only the log knows")
