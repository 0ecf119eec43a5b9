//! The pages of `messages` in a real browser: what its users see and do.

use crate::harness::{Browser, Engine, Scenario, eventually, finish};
use crate::messages::client;

/// The number of messages that the page has.
const COUNT: &str = "return document.querySelector('#count').textContent";
/// What the page says of its connection.
const STATE: &str = "return document.querySelector('#state').dataset.state";
/// The rows that are in the document.
const ROWS: &str =
    "return Array.from(document.querySelectorAll('#messages [data-id]'), row => row.textContent)";

fn is(read: &str, expect: &str) -> String {
    format!("{read} === {expect:?}")
}

fn newest_has(text: &str) -> String {
    format!(
        "return (document.querySelector('#messages [data-id]')?.textContent ?? '').includes({text:?})"
    )
}

fn opened(environment: &'static str, instance: &'static str) -> Option<(Browser, Scenario)> {
    let browser = Browser::open(1400, 900)?;
    let scenario = Scenario::of(environment, Engine::Process, instance)?;
    scenario.run(&["up", environment, "--no-seed"]).exits(0);
    Some((browser, scenario))
}

/// Fails the test when the page complained, but for requests that were meant to fail.
#[track_caller]
fn no_complaint(browser: &Browser, meant: &str) {
    let complaints = browser.console().into_iter();
    let complaints: Vec<String> = complaints
        .filter(|it| meant.is_empty() || !it.contains(meant))
        .collect();
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn the_page_shows_what_arrives_and_comes_back_by_itself() {
    let Some((browser, scenario)) = opened("messages", "page") else {
        return;
    };
    browser.visit(&format!("http://{}/", scenario.address("lb")));
    browser.until(&is(STATE, "connected"), STATE);
    browser.picture("page-empty");

    browser.fill("#send-body", r#"{"text": "<b>hello</b>"}"#);
    browser.click("#send");
    browser.until(&newest_has("<b>hello</b>"), ROWS);
    browser.until(&is(COUNT, "1 message"), COUNT);
    browser.fill("#send-body", r#"["no object"]"#);
    browser.click("#send");
    browser.until(
        "return document.querySelector('#send-error').textContent !== ''",
        COUNT,
    );

    // While it is paused, nothing moves, and what comes is counted.
    browser.click("#pause");
    finish(&mut client(&scenario, &["send", "--count", "12"])).exits(0);
    browser.until(
        "return document.querySelector('#new').textContent.includes('12')",
        COUNT,
    );
    browser.until(&newest_has("<b>hello</b>"), ROWS);
    browser.picture("page-paused");
    browser.click("#pause");
    browser.until(&is(COUNT, "13 messages"), COUNT);

    browser.fill("#filter", "HELLO");
    browser.until(&is(COUNT, "1 of 13 messages"), COUNT);
    browser.fill("#filter", "");
    browser.until(&is(COUNT, "13 messages"), COUNT);

    // Every server goes and comes back; what was sent in between is there, once.
    scenario.kill_service("api");
    scenario.kill_service("api-2");
    browser.until(&format!("{STATE} !== 'connected'"), STATE);
    browser.picture("page-away");
    scenario.run(&["up", "messages", "--no-seed"]).exits(0);
    finish(&mut client(&scenario, &["send", "--count", "7"])).exits(0);
    browser.until(&is(STATE, "connected"), STATE);
    browser.until(&is(COUNT, "20 messages"), COUNT);
    let dark = ["page-dark", "page-dark-narrow"];
    browser.darken();
    browser.picture(dark[0]);
    browser.resize(380, 800);
    let overflow = "return document.documentElement.scrollWidth <= innerWidth";
    browser.until(overflow, "return document.documentElement.scrollWidth");
    browser.picture(dark[1]);
}

#[test]
fn the_page_stays_quick_at_ten_thousand_messages() {
    let Some((browser, scenario)) = opened("messages", "many") else {
        return;
    };
    browser.visit(&format!("http://{}/", scenario.address("lb")));
    browser.until(&is(STATE, "connected"), STATE);
    finish(&mut client(&scenario, &["send", "--count", "10100"])).exits(0);
    eventually("all are stored", || {
        let stored = scenario.value("select count(*) from messages");
        (stored == "10100").then_some(()).ok_or(stored)
    });
    // Connections send side by side, so the newest is not the one that was made last.
    let newest = scenario.value("select ms || '-' || seq from messages order by ms desc, seq desc");
    let first = "return document.querySelector('#messages [data-id]').dataset.id";
    browser.until(&is(first, &newest), first);
    browser.until(&is(COUNT, "10,000 messages"), COUNT);
    // However many there are, the document holds those that are seen.
    let rows = "return document.querySelectorAll('#messages [data-id]').length";
    let few = browser.run(rows).as_u64().expect("a number");
    assert!((5..200).contains(&few), "{few} rows");
    let view = "const view = document.querySelector('#view'); view.scrollTop = view.scrollHeight;";
    browser.run(view);
    browser.until(&format!("{first} !== {newest:?}"), first);
    browser.picture("page-many");
    no_complaint(&browser, "");
}

#[test]
fn the_documentation_tries_the_endpoints() {
    let Some((browser, scenario)) = opened("messages", "docs") else {
        return;
    };
    let address = scenario.address("lb");
    browser.visit(&format!("http://{address}/api"));
    let operation = "#operations-messages-accept";
    let shown = "return document.body.innerText";
    browser.until(
        &format!("return document.querySelector('{operation}') !== null"),
        shown,
    );
    browser.picture("documentation");
    browser.click(&format!("{operation} .opblock-summary-control"));
    let button = format!("{operation} .try-out__btn");
    browser.until(
        &format!("return document.querySelector('{button}') !== null"),
        shown,
    );
    browser.click(&button);
    let execute = format!("{operation} .execute");
    browser.until(
        &format!("return document.querySelector('{execute}') !== null"),
        shown,
    );
    browser.run(&format!(
        "document.querySelector('{execute}').scrollIntoView({{block: 'center'}})"
    ));
    browser.click(&execute);
    let answered = format!(
        "return (document.querySelector('{operation} .live-responses-table')?.innerText ?? '').includes('202')"
    );
    browser.until(&answered, shown);
    browser.picture("documentation-tried");
    let hosts = "return performance.getEntriesByType('resource').map(it => new URL(it.name).host).filter(it => it && it !== location.host)";
    let elsewhere = browser.run(hosts);
    assert_eq!(
        elsewhere,
        serde_json::json!([]),
        "something is loaded from elsewhere"
    );
    no_complaint(&browser, "");
}

#[test]
fn the_monitor_shows_failures_and_has_them_tried_again() {
    let Some((browser, scenario)) = opened("messages", "monitor") else {
        return;
    };
    let check = "alter table messages add constraint fine check (body->>'wrong' is null)";
    scenario
        .run(&["psql", "-e", "messages", "-c", check])
        .exits(0);
    let file = scenario.path("tmp/lines.jsonl");
    fs_err::write(&file, "{\"wrong\": 1}\n{\"wrong\": 2}\n").expect("it is written");
    finish(&mut client(
        &scenario,
        &["send", &file.display().to_string()],
    ))
    .exits(0);
    fs_err::remove_file(&file).expect("it goes");
    browser.visit(&format!("http://{}/", scenario.address("monitor")));
    let dead = "return document.querySelector('#dead').textContent";
    let shown = "return document.body.innerText";
    browser.until(&is(dead, "2"), shown);
    browser.picture("monitor-failures");
    let drop_check = "alter table messages drop constraint fine";
    scenario
        .run(&["psql", "-e", "messages", "-c", drop_check])
        .exits(0);
    for left in ["1", "0"] {
        browser.click("#failures [data-dead-id] button.retry");
        browser.until(&is(dead, left), shown);
    }
    let stored = "return document.querySelector('[data-rate=stored] td:last-child').textContent";
    browser.until(&is(stored, "2"), shown);
    scenario.kill_service("queue");
    let as_of = "return document.querySelector('#as-of').dataset.state";
    browser.until(&is(as_of, "away"), shown);
    browser.picture("monitor-away");
    scenario.run(&["up", "messages", "--no-seed"]).exits(0);
    browser.until(&is(as_of, "ok"), shown);
    browser.darken();
    browser.resize(380, 800);
    browser.picture("monitor-dark-narrow");
    no_complaint(&browser, "/state");
}
