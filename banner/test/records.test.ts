import { afterEach, describe, expect, test, vi } from "vitest";
import { agreeBy, identify, supersede } from "../src/lazy/records";
import { keep, labels, layer, leavePage, page, settle } from "./pages";
import { aDocument, aKept, aNotice, aToken, encode } from "./samples";

afterEach(leavePage);

const now = Math.floor(Date.now() / 1000);
const HOUR = 3600;
const granted = aToken({ analytics: ["granted", 3, 0], marketing: ["granted", 3, 0] });
const denied = aToken({ analytics: ["denied", 3, 0], marketing: ["denied", 3, 0] });
const stored = (token: object): [number, object] => [201, { state_token: encode(token) }];
const old = { ...granted, iat: now - 25 * HOUR };

describe("a later answer", () => {
  const latest = (...list: Parameters<typeof supersede>[0]) => supersede(list).slice(0, -1);

  test("takes kept grants of the same purposes out", () => {
    expect(latest(aKept("a", { analytics: true }), aKept("b", { analytics: false }))).toEqual([]);
  });
  test("leaves refusals and other purposes, as an answer of its own", () => {
    const kept = aKept("a", { analytics: true, marketing: true, video: false });
    const [left] = latest(kept, aKept("b", { analytics: false }));
    expect(left?.chosen).toEqual({ marketing: true, video: false });
    const decisions = { marketing: true, video: false };
    expect(left?.answer).toMatchObject({ action: "choose", decisions });
    expect(left?.answer.key).not.toBe("a");
  });
  test("leaves what it does not speak about untouched", () => {
    const list = [aKept("a", { analytics: false }), aKept("b", { video: true })];
    expect(latest(...list, aKept("c", { analytics: true }))).toEqual(list);
  });
  test("ends a kept agreement, and what was allowed to a service", () => {
    const kept = aKept("a", {}, { agreed: { terms: 2, rules: 1 } });
    const [left] = latest(kept, aKept("b", {}, { agreed: { terms: 0 } }));
    expect([left?.agreed, left?.answer.documents]).toEqual([{ rules: 1 }, { rules: 1 }]);
    const own = aKept("a", {}, { services: { tally: true, heat: true } });
    const [rest] = latest(own, aKept("b", {}, { services: { tally: false } }));
    expect([rest?.services, rest?.answer.services]).toEqual([{ heat: true }, { heat: true }]);
  });
});

describe("what is kept is sent", () => {
  const kept = [aKept("key-1", { analytics: true })];
  const start = async (given: Parameters<typeof page>[0], ...answers: [number, object?][]) => {
    const opened = await page({ kept, ...given });
    opened.answers("/consents", ...answers);
    await opened.core.start();
    await settle();
    return opened;
  };

  test("with when it was given and when it was sent", async () => {
    const { core, requests } = await start({}, stored(granted));
    expect(requests.map(({ body }) => body)).toMatchObject([
      { ...kept[0]?.answer, occurred_at: kept[0]?.at },
    ]);
    const sent = Date.parse(requests[0]?.body.sent_at);
    expect(Math.abs(sent - Date.now())).toBeLessThan(5000);
    expect([core.allows("analytics"), core.queue.all()]).toEqual([true, []]);
  });
  test("without a credential that the service refuses", async () => {
    const refused: [number, object] = [401, { code: "credential_refused" }];
    const { core, requests } = await start({ credential: "OLD" }, refused, stored(granted));
    const sent = requests.map(({ body }) => [body.key, body.credential || "none"]);
    expect(sent).toEqual([
      ["key-1", "OLD"],
      ["key-1", "none"],
    ]);
    expect([core.queue.all(), document.cookie.includes("OLD")]).toEqual([[], false]);
  });
  test("as it was, where the first attempt had arrived unnoticed", async () => {
    const conflict: [number, object] = [409, { code: "key_conflict" }];
    const { core, requests } = await start({}, conflict, stored(granted));
    expect(requests[1]?.body).toEqual(kept[0]?.answer);
    expect([core.allows("analytics"), core.queue.all()]).toEqual([true, []]);
  });
  test.each([[500], [503], [429]])("again at the next page after %i", async (status) => {
    const { core, requests } = await start({}, [status]);
    expect([core.queue.all().length, requests.length]).toEqual([1, 1]);
  });
  test("in order, and nothing more after a failure", async () => {
    const list = [...kept, aKept("key-2", { marketing: false })];
    const { core, requests } = await start({ kept: list }, stored(granted), [503]);
    expect(requests.map(({ body }) => body.key)).toEqual(["key-1", "key-2"]);
    expect(core.queue.all().map(({ answer }) => answer.key)).toEqual(["key-2"]);
  });
  test("to no end where the question is outdated: the new one is asked", async () => {
    const notice = aNotice({ number: 4 });
    for (const one of notice.purposes) one.asked_since = 4;
    const opened = await page({ kept });
    opened.answers("/consents", [409, { code: "notice_superseded" }]);
    opened.answers("/notice?lang=en", [200, notice]);
    await opened.core.start();
    await settle();
    expect([opened.core.notice.number, opened.core.queue.all()]).toEqual([4, []]);
    expect(labels(layer())).toEqual(["accept", "reject", "choose"]);
  });
  test("and given up where the service will never have it: a refusal brings nothing back", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const refusal = [aKept("key-1", { analytics: false })];
    const { core } = await start({ kept: refusal, token: granted }, [422, { detail: "no" }]);
    expect([core.queue.all(), core.allows("analytics")]).toEqual([[], false]);
    expect(document.cookie).not.toContain("consent_state_shop=e");
    expect(error).toHaveBeenCalledWith("consent: not recorded: no");
    error.mockRestore();
  });
});

describe("the service is asked how the visitor stands", () => {
  const opened = async (given: Parameters<typeof page>[0], hash = "") => {
    history.replaceState(null, "", `/page?x=1${hash}`);
    const one = await page({ credential: "C", ...given });
    one.answers("/consents/me", [200, { state_token: encode(denied), reference: "ABC" }], [503]);
    await one.core.start();
    await settle();
    return one;
  };

  test("once a day, and the page follows", async () => {
    const { core, requests } = await opened({ token: old });
    expect(requests.map(({ path, options }) => [path, options.headers])).toEqual([
      ["/consents/me", { Authorization: "Consent C" }],
    ]);
    expect([core.allows("analytics"), core.reference]).toEqual([false, "ABC"]);
    await settle();
    expect((await opened({ token: old })).requests).toEqual([]);
  });
  test("not before a day is over, nor where nothing is on record", async () => {
    expect((await opened({ token: { ...granted, iat: now - 23 * HOUR } })).requests).toEqual([]);
    await leavePage();
    expect((await opened({})).requests).toEqual([]);
  });
  test("on return from the service's own page, whose mark goes away", async () => {
    const { requests, core } = await opened({ token: granted }, "#consent-refresh");
    expect(requests.map(({ path }) => path)).toEqual(["/consents/me"]);
    expect([location.hash, location.search, core.allows("analytics")]).toEqual(["", "?x=1", false]);
  });
  test("on return before anything runs that was withdrawn there", async () => {
    const script = Object.assign(document.createElement("script"), { type: "text/plain" });
    script.dataset.consent = "analytics";
    document.body.append(script);
    await opened({ token: granted }, "#consent-refresh");
    expect(script.type).toBe("text/plain");
  });
  test("and forgets whom the service has forgotten", async () => {
    keep("_tally", "1");
    history.replaceState(null, "", "/#consent-refresh");
    const { core, answers } = await page({ token: granted, credential: "C" });
    answers("/consents/me", [401]);
    await core.start();
    await settle();
    expect(core.allows("analytics")).toBe(false);
    expect([core.jar.credential(), core.jar.tokens()[0]].filter(Boolean)).toEqual([]);
    expect(labels(layer())).toEqual(["accept", "reject", "choose"]);
    expect(document.cookie).not.toContain("_tally=1");
  });
  test("where it cannot be had, what is known here goes on", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { core, answers } = await page({ token: old, credential: "C" });
    answers("/consents/me", [503]);
    await core.start();
    await settle();
    expect([core.allows("analytics"), warn.mock.calls.length]).toEqual([true, 1]);
    warn.mockRestore();
  });
});

describe("the opt-out signal", () => {
  const told = async (token?: typeof granted) => {
    const one = await page({ gpc: true, ...(token && { token }) });
    one.answers("/consents", [201, {}]);
    await one.core.start();
    await settle();
    return one.requests.map(({ body }) => [body.action, body.signals, body.decisions]);
  };
  test("goes on record where it changes what is on record, once a page", async () => {
    expect(await told(granted)).toEqual([["signal", { gpc: true }, undefined]]);
  });
  test("is told to nobody where it changes nothing", async () => {
    expect(await told()).toEqual([]);
    expect(await told(denied)).toEqual([]);
    const confirmed = aToken({ analytics: ["granted", 3, 0], marketing: ["granted", 3, 0, 1] });
    expect(await told(confirmed)).toEqual([]);
  });
});

describe("a form of the page", () => {
  const fields = (form: HTMLFormElement) =>
    [...form.querySelectorAll("input")].map(({ name, value }) => `${name}=${value}`);
  const aForm = (kinds: string) => {
    const form = document.createElement("form");
    form.dataset.consentAgree = kinds;
    return form;
  };

  test("is told what was agreed to, and by which name, each time anew", async () => {
    const { core, answers, requests } = await page();
    answers("/consents", [201, { reference: "ABC" }], [201, { reference: "ABC" }]);
    const form = aForm(" terms  privacy-policy ");
    for (const _ of [1, 2]) {
      await agreeBy(core, form);
      expect(fields(form)).toEqual([
        ...["consent_agreed=privacy-policy@2 terms@2", "consent_reference=ABC"],
      ]);
    }
    expect(requests[0]?.body).toMatchObject({
      ...{ action: "agree", documents: { terms: 2, "privacy-policy": 2 }, method: "banner" },
    });
  });
  test("that names nothing known goes on without", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { core, requests } = await page({ notice: aNotice({ documents: [aDocument("terms")] }) });
    const form = aForm("unheard-of");
    await agreeBy(core, form);
    expect([fields(form), requests, warn.mock.calls.length]).toEqual([[], [], 1]);
    warn.mockRestore();
  });
});

describe("an assertion of the site's backend", () => {
  test("links this visitor", async () => {
    const { core, answers, requests } = await page({ credential: "C" });
    answers("/consents/me/subject", [204], [422, { detail: "expired" }]);
    await identify(core, "signed");
    expect(requests[0]?.body).toEqual({ assertion: "signed", credential: "C" });
    await expect(identify(core, "late")).rejects.toThrow("expired");
  });
});
