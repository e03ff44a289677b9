import { afterEach, describe, expect, test } from "vitest";
import { keep, labels, layer, leavePage, page, press, root, settle } from "./pages";
import { aDocument, aKept, aNotice, aPurpose, aToken, encode } from "./samples";

afterEach(leavePage);

const granted = aToken({ analytics: ["granted", 3, 0], marketing: ["granted", 3, 0] });
const denied = aToken({ analytics: ["denied", 3, 0], marketing: ["denied", 3, 0] });
const stored = (token: object): [number, object] => [201, { state_token: encode(token) }];
const terms = aDocument("terms", { accept: "agree" });

test("a first visit asks, and allows nothing", async () => {
  const { core, requests } = await page();
  await core.start();
  await settle();
  expect(labels(layer())).toEqual(["accept", "reject", "choose"]);
  expect(core.values()).toEqual({
    ...{ necessary: "not_subject", analytics: "undecided", marketing: "undecided" },
  });
  expect([core.allows("necessary"), core.allows("analytics"), core.allows(undefined)]).toEqual([
    ...[true, false, false],
  ]);
  expect(requests).toEqual([]);
});

test("who comes back is not asked, sees how to change it, and costs no request", async () => {
  const { core, requests } = await page({ token: granted });
  await core.start();
  await settle();
  expect([layer(), labels(root())]).toEqual([null, ["reopen"]]);
  expect([core.allows("analytics"), requests]).toEqual([true, []]);
});

test("no control is offered where the page has one of its own", async () => {
  document.body.innerHTML = "<a data-consent-open></a>";
  const { core } = await page({ token: granted });
  await core.start();
  expect(root()).toBeNull();
});

test("a page without anything to choose shows nothing", async () => {
  const purposes = [aPurpose("necessary", { choice: false, before_choice: "allowed" })];
  const { core } = await page({ notice: aNotice({ purposes, documents: [] }) });
  await core.start();
  expect([root(), core.allows("necessary")]).toEqual([null, true]);
});

test("something stands in for an iframe once it waits, not before", async () => {
  const iframe = document.createElement("iframe");
  Object.assign(iframe.dataset, { consent: "analytics", src: "about:blank#film" });
  document.body.append(iframe);
  const { core } = await page({ token: granted });
  await core.start();
  await settle();
  const standIn = () => document.querySelector(".cm-frame");
  expect([iframe.src, standIn()]).toEqual(["about:blank#film", null]);
  void core.act({ action: "withdraw" });
  await settle();
  expect(standIn()?.nextSibling).toBe(iframe);
});

describe("an answer", () => {
  test("that accepts opens nothing until it is on record", async () => {
    const { core, announced, answers, requests } = await page();
    let reply = (_: [number, object]): void => {};
    answers("/consents", new Promise<[number, object]>((go) => (reply = go)));
    await core.start();
    press("accept");
    await settle();
    expect([core.allows("analytics"), layer(), announced]).toEqual([false, null, []]);
    expect(core.queue.all().map(({ answer }) => answer.action)).toEqual(["accept"]);
    reply(stored(granted));
    await settle();
    expect([core.allows("analytics"), core.queue.all(), announced]).toEqual([
      ...[true, [], ["change"]],
    ]);
    expect(requests.map(({ body }) => [body.action, body.layer])).toEqual([["accept", 1]]);
    expect(document.cookie).toContain("consent_state_shop=");
  });
  test("that refuses acts at the click", async () => {
    keep("_tally", "1");
    const { core, announced, answers } = await page({ token: granted });
    answers("/consents", new Promise<[number]>(() => {}));
    await core.start();
    void core.act({ action: "reject" });
    expect([core.allows("analytics"), announced]).toEqual([false, ["change"]]);
    expect(document.cookie).not.toContain("_tally=1");
  });
  test("is kept where the service fails, and asks nothing more", async () => {
    for (const failure of [[503], [429], "lost"] as ([number] | "lost")[]) {
      const { core, answers } = await page();
      answers("/consents", failure);
      await core.start();
      await core.act({ action: "accept" });
      expect([core.allows("analytics"), layer(), core.queue.all().length]).toEqual([
        ...[false, null, 1],
      ]);
      await leavePage();
    }
  });
  test("that is kept is sent when the page is online again", async () => {
    const { core, answers, requests } = await page();
    answers("/consents", "lost", stored(granted));
    await core.start();
    await core.act({ action: "accept" });
    dispatchEvent(new Event("online"));
    await settle();
    expect([core.allows("analytics"), core.queue.all(), requests.length]).toEqual([true, [], 2]);
    expect(requests[1]?.body.key).toBe(requests[0]?.body.key);
    expect(requests[1]?.body.occurred_at).toBeDefined();
  });
  test("opens at the click where the site wants that", async () => {
    const { core, answers } = await page({ notice: aNotice({ release: "click" }) });
    answers("/consents", new Promise<[number]>(() => {}));
    await core.start();
    press("accept");
    expect([core.allows("analytics"), core.queue.all().length]).toEqual([true, 1]);
  });
  test("that is refused by the service is given up and asked again", async () => {
    const { core, answers } = await page();
    answers("/consents", [422, { detail: "no" }], [422, { detail: "no" }]);
    await core.start();
    await core.act({ action: "accept" });
    await settle();
    expect([core.queue.all(), core.allows("analytics")]).toEqual([[], false]);
    expect(labels(layer())).toEqual(["accept", "reject", "choose"]);
  });
  test("is announced as saved to who cannot see it", async () => {
    const { core, answers } = await page();
    answers("/consents", stored(denied));
    await core.start();
    await core.act({ action: "reject" });
    expect(root()?.shadowRoot?.querySelector("[role=status]")?.textContent).toBe("text of saved");
  });
});

test("a second answer waits for the first", async () => {
  const { core, answers, requests } = await page();
  let reply = (_: [number, object]): void => {};
  answers("/consents", new Promise<[number, object]>((go) => (reply = go)), stored(denied));
  await core.start();
  void core.act({ action: "accept" });
  void core.act({ action: "reject" });
  await settle();
  expect(requests.length).toBe(1);
  reply(stored(granted));
  await settle();
  expect(requests.map(({ body }) => body.action)).toEqual(["accept", "reject"]);
  expect([core.allows("analytics"), core.queue.all()]).toEqual([false, []]);
});

describe("another tab", () => {
  test("is told of a choice, and is followed", async () => {
    const { core, announced } = await page();
    await core.start();
    await settle();
    const other = new BroadcastChannel("consent_shop");
    const told = new Promise((go) => other.addEventListener("message", go, { once: true }));
    core.update();
    await told;
    keep("consent_state_shop", encode(granted));
    other.postMessage("");
    await settle();
    other.close();
    expect([core.allows("analytics"), layer(), announced]).toEqual([true, null, ["change"]]);
  });
  test("that answered while this page was away is followed on return", async () => {
    const { core } = await page();
    await core.start();
    keep("consent_state_shop", encode(granted));
    dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    expect([core.allows("analytics"), layer()]).toEqual([true, null]);
  });
});

describe("a layer that asks nothing", () => {
  test("stays until it is closed, whatever happens meanwhile", async () => {
    const { core } = await page();
    await core.start();
    const note = document.createElement("section");
    core.hold(note);
    core.update();
    expect(note.isConnected).toBe(true);
    core.close();
    expect([note.isConnected, labels(layer())]).toEqual([false, ["accept", "reject", "choose"]]);
  });
  test("gives way to the next act", async () => {
    const { core, answers } = await page();
    answers("/consents", stored(denied));
    await core.start();
    const note = document.createElement("section");
    core.hold(note);
    await core.act({ action: "reject" });
    expect([note.isConnected, labels(root())]).toEqual([false, ["reopen"]]);
  });
});

describe("documents", () => {
  test("that are put off are not asked about on this page, and nothing is stored", async () => {
    const { core, requests } = await page({
      ...{ notice: aNotice({ documents: [terms] }), token: denied },
    });
    await core.start();
    await settle();
    expect(labels(layer())).toEqual(["agree", "reopen", "later"]);
    press("later");
    core.update();
    expect([layer(), labels(root()), requests]).toEqual([null, ["reopen"], []]);
  });
  test("are agreed to and taken note of in acts of their own", async () => {
    const documents = [terms, aDocument("rules", { accept: "acknowledge" })];
    const { core, answers, requests } = await page({
      ...{ notice: aNotice({ documents }), token: denied },
    });
    answers("/consents", [201, {}], [201, {}]);
    await core.start();
    await settle();
    press("agree");
    await settle();
    expect(requests.map(({ body }) => [body.action, body.documents])).toEqual([
      ["agree", { terms: 2 }],
      ["acknowledge", { rules: 2 }],
    ]);
  });
});

test("the newest of several tokens counts", async () => {
  const { core } = await page({ token: { ...granted, iat: granted.iat - 10 } });
  core.learn({ state_token: encode(denied) });
  await core.start();
  expect(core.allows("analytics")).toBe(false);
});

test("what is kept from an earlier page is sent without being asked", async () => {
  const { core, answers } = await page({ kept: [aKept("k", { analytics: true })] });
  answers("/consents", stored(granted));
  await core.start();
  await settle();
  expect([core.allows("analytics"), core.queue.all()]).toEqual([true, []]);
});
