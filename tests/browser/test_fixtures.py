"""The browser tests' own tools: what a window notices, and what a cut line does."""

from typing import Any

import pytest

from tests.support.console import PHONE, Console


@pytest.fixture(autouse=True)
def without_icon(console: Console) -> None:
    """What is opened here is no page of the console and has no icon, though browsers ask for one."""
    console.expect_errors("favicon")


async def test_a_window_is_signed_in_and_keeps_its_calls(console: Console):
    """The session cookie goes along with the page's requests, which are kept with status and duration."""
    await console.add_job("A")
    await console.open("/signin")
    async with console.page.expect_event("requestfinished"):
        await console.page.evaluate("fetch('/v1/console/jobs').then((answer) => answer.json())")
    [call] = console.window.api_calls("GET", "/v1/console/jobs")
    assert call.status == 200
    assert call.duration_ms is not None
    assert 0 < call.duration_ms < 5_000


async def test_each_window_has_its_own_session(console: Console):
    """A viewer beside an admin, in another zone and on a phone."""
    viewer = await console.new_page("viewer", time_zone="Asia/Tokyo", viewport=PHONE, color_scheme="dark")
    viewer.expect_errors("403", "favicon")
    await viewer.open("/signin")
    facts = await viewer.page.evaluate(
        "[Intl.DateTimeFormat().resolvedOptions().timeZone, innerWidth,"
        " matchMedia('(prefers-color-scheme: dark)').matches]"
    )
    assert facts == ["Asia/Tokyo", 360, True]
    pause = "fetch('/v1/console/pause', {method: 'POST'}).then((answer) => answer.status)"
    assert await viewer.page.evaluate(pause) == 403


@pytest.mark.parametrize(
    ("script", "event"),
    [
        ("console.error('a message')", "console"),
        ("setTimeout(() => { throw new Error('thrown') })", "pageerror"),
        ("document.body.setAttribute('style', 'color: red')", "console"),
        ("document.body.append(Object.assign(document.createElement('script'), {text: 'x'}))", "console"),
        ("fetch('http://127.0.0.2:9/').catch(() => {})", "console"),
        ("fetch('/v1/console/jobs/NONE')", "console"),
    ],
)
async def test_what_breaks_is_noticed_and_may_be_expected(console: Console, script: str, event: Any):
    """Messages, exceptions, refusals of the content policy, other hosts and refused calls."""
    await console.open("/signin")
    assert console.unexpected_errors() == []
    async with console.page.expect_event(event, lambda it: "favicon" not in str(getattr(it, "location", ""))):
        await console.page.evaluate(f"() => {{ {script} }}")
    assert console.unexpected_errors()
    console.expect_errors(".")


async def test_axe_finds_what_it_should(console: Console):
    """A button without a name, and text that is too pale; each with its rule and where it stands."""
    await console.open("/signin")
    await console.check_accessibility()
    await console.page.evaluate(
        "() => document.querySelector('main').append(document.createElement('button'))"
    )
    with pytest.raises(AssertionError, match=r"button-name .*\n.*at \['main > button"):
        await console.check_accessibility("main")
    await console.check_accessibility(rules_off=["button-name"])


async def test_a_cut_line_refuses_until_it_is_restored(console: Console):
    """Streams break, requests are refused, and the same address answers again afterwards."""
    await console.open("/signin")
    await console.page.evaluate(
        "() => { window.states = []; const source = new EventSource('/v1/console/events');"
        " for (const name of ['open', 'error']) source.addEventListener(name, () => states.push(name)); }"
    )
    await console.page.wait_for_function("() => states.length == 1")
    await console.cut()
    await console.page.wait_for_function("() => states.includes('error')")
    asks = "fetch('/v1/console/jobs').then((answer) => answer.status, () => 'refused')"
    assert await console.page.evaluate(asks) == "refused"
    await console.restore()
    assert await console.page.evaluate(asks) == 200
    await console.page.wait_for_function("() => states.filter((each) => each == 'open').length == 2")


async def test_a_test_steers_a_run(console: Console):
    """Progress, log and end are the test's to decide."""
    await console.add_job("A", None, handler="test.steered")
    run = await console.run("A")
    await run.progress(3, 10, "loading")
    run.fail("no luck\nat all")
    failed = await console.events.wait_for("execution_failed", job_id="A")
    assert failed["execution_id"] == str(run.execution_id)


async def test_the_service_is_another_one_under_the_same_address(console: Console):
    """A page goes on with a replica that took over."""
    await console.open("/signin")
    replica = await console.serve_by_process()
    ask = "fetch('/health/ready').then((answer) => answer.json())"
    assert (await console.page.evaluate(ask))["replicaId"] == (await replica.until_ready())["replicaId"]
