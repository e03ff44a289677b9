import { describe, expect, test } from "vitest";
import { allows, canWithdraw, type Facts, parseToken, resolve, whatToAsk } from "../src/state";
import { aDocument, aKept, aNotice, aPurpose, aToken, encode, NOW } from "./samples";

const facts = (more: Partial<Facts> = {}): Facts => ({
  notice: aNotice(),
  kept: [],
  gpc: false,
  now: NOW,
  ...more,
});
const granted = (notice = 3, until = NOW + 10) =>
  ["granted", notice, until] as ["granted", number, number];
const denied = (notice = 3, until = NOW + 10) =>
  ["denied", notice, until] as ["denied", number, number];

describe("the state token", () => {
  test("is read, letters beyond ASCII included", () => {
    const token = { ...aToken({ analytics: granted() }), note: "Grüße ✓" };
    expect(parseToken(encode(token), "shop")).toEqual(token);
  });
  test.each([
    ["nothing", undefined],
    ["no base64", "%%%.k.s"],
    ["no JSON", `${btoa("{")}.k.s`],
    ["another site", encode({ ...aToken({}), site: "news" })],
    ["another version", encode({ ...aToken({}), v: 2 })],
    ["an unknown value", encode({ ...aToken({}), purposes: { analytics: ["maybe", 3, 0] } })],
    ["a decision that is none", encode({ ...aToken({}), purposes: { analytics: "granted" } })],
    ["a list", encode([])],
  ])("counts as absent: %s", (_, raw) => {
    expect(parseToken(raw, "shop")).toBeUndefined();
  });
});

describe("a decision", () => {
  test("counts while it is valid", () => {
    const state = resolve(facts({ token: aToken({ analytics: granted(), marketing: denied() }) }));
    expect(state.purposes.analytics).toMatchObject({
      value: "granted",
      allowed: true,
      open: false,
    });
    expect(state.purposes.marketing).toMatchObject({
      value: "denied",
      allowed: false,
      open: false,
    });
  });
  test("ends at its expiry, and never where that is 0", () => {
    const at = (until: number) =>
      resolve(facts({ token: aToken({ analytics: granted(3, until) }) }));
    expect(at(NOW).purposes.analytics?.value).toBe("undecided");
    expect(at(NOW + 1).purposes.analytics?.value).toBe("granted");
    expect(at(0).purposes.analytics?.value).toBe("granted");
  });
  test("is void when its purpose has meant something else since", () => {
    const notice = aNotice({ purposes: [aPurpose("analytics", { asked_since: 3 })] });
    const at = (number: number) =>
      resolve(facts({ notice, token: aToken({ analytics: granted(number) }) })).purposes.analytics;
    expect(at(2)?.value).toBe("undecided");
    expect(at(3)?.value).toBe("granted");
  });
  test("is void when one of its services is newer, and only then", () => {
    const notice = aNotice();
    const tally = { ...notice.services[0], asked_since: 3 } as (typeof notice.services)[number];
    const token = aToken({ analytics: granted(2), marketing: granted(2) });
    const state = resolve(facts({ notice: { ...notice, services: [tally] }, token }));
    expect(state.purposes.analytics?.value).toBe("undecided");
    expect(state.purposes.marketing?.value).toBe("granted");
  });
  test("without a notice counts until it expires", () => {
    const token = aToken({ analytics: granted(1), marketing: granted(1, NOW - 1) });
    const state = resolve(facts({ notice: undefined, token }));
    expect([allows(state, "analytics"), allows(state, "marketing")]).toEqual([true, false]);
    expect(allows(state, "unheard-of")).toBe(false);
  });
});

describe("without a decision", () => {
  test("before_choice answers", () => {
    const open = aPurpose("open", { before_choice: "allowed" });
    const notice = aNotice({ model: "opt-out", purposes: [open, aPurpose("shut")] });
    const state = resolve(facts({ notice }));
    expect([allows(state, "open"), allows(state, "shut")]).toEqual([true, false]);
    expect(state.purposes.open?.value).toBe("undecided");
  });
  test("what leaves no choice is not subject to consent", () => {
    expect(resolve(facts()).purposes.necessary).toMatchObject({
      value: "not_subject",
      allowed: true,
    });
  });
});

describe("kept answers", () => {
  test("a grant is pending: not allowed, not asked again", () => {
    const state = resolve(facts({ kept: [aKept("k", { analytics: true, marketing: true })] }));
    expect(state.purposes.analytics).toMatchObject({ allowed: false, pending: true, open: false });
    expect(whatToAsk(aNotice(), state)).toBeUndefined();
  });
  test("a refusal decides over the cookie", () => {
    const token = aToken({ analytics: granted() });
    const state = resolve(facts({ token, kept: [aKept("k", { analytics: false })] }));
    expect(allows(state, "analytics")).toBe(false);
    expect(state.purposes.analytics?.value).toBe("denied");
  });
  test("a grant after a refusal stays shut until it is stored", () => {
    const kept = [aKept("a", { analytics: false }), aKept("b", { analytics: true })];
    const state = resolve(facts({ token: aToken({ analytics: granted() }), kept }));
    expect(state.purposes.analytics).toMatchObject({ allowed: false, pending: true });
  });
  test("an answer to an outdated question does not count", () => {
    const notice = aNotice({ purposes: [aPurpose("analytics", { asked_since: 4 })] });
    const state = resolve(facts({ notice, kept: [aKept("k", { analytics: true })] }));
    expect(whatToAsk(notice, state)).toBe("choice");
  });
});

describe("service exceptions", () => {
  const token = (value: "granted" | "denied") =>
    aToken(
      { analytics: value === "denied" ? granted() : denied() },
      { services: { tally: [value, 3, 0] } },
    );
  test("differ from their purpose both ways", () => {
    const without = resolve(facts({ token: token("denied") }));
    expect([allows(without, "analytics"), allows(without, "analytics", "tally")]).toEqual([
      true,
      false,
    ]);
    const only = resolve(facts({ token: token("granted") }));
    expect([allows(only, "analytics"), allows(only, "analytics", "tally")]).toEqual([false, true]);
  });
  test("end with a later refusal of the purpose", () => {
    const state = resolve(
      facts({ token: token("granted"), kept: [aKept("k", { analytics: false })] }),
    );
    expect(allows(state, "analytics", "tally")).toBe(false);
  });
});

describe("the opt-out signal", () => {
  test("switches sale off whatever was granted, and nothing else", () => {
    const token = aToken({ analytics: granted(), marketing: granted() });
    const state = resolve(facts({ token, gpc: true }));
    expect([allows(state, "analytics"), allows(state, "marketing")]).toEqual([true, false]);
    expect(state.purposes.marketing?.value).toBe("denied");
  });
  test("yields to a grant marked as an override", () => {
    const token = aToken({ marketing: ["granted", 3, 0, 1] });
    expect(allows(resolve(facts({ token, gpc: true })), "marketing")).toBe(true);
  });
  test("does not take the question away", () => {
    expect(whatToAsk(aNotice(), resolve(facts({ gpc: true })))).toBe("choice");
  });
});

describe("what to ask", () => {
  const decided = aToken({ analytics: granted(), marketing: denied() });
  const terms = aDocument("terms", { accept: "agree", asked_since: 2 });
  test("a choice while one is open, under opt-in only", () => {
    expect(whatToAsk(aNotice(), resolve(facts()))).toBe("choice");
    expect(whatToAsk(aNotice({ model: "opt-out" }), resolve(facts()))).toBeUndefined();
    expect(whatToAsk(aNotice(), resolve(facts({ token: decided })))).toBeUndefined();
  });
  test("documents once no choice is open", () => {
    const notice = aNotice({ documents: [terms] });
    expect(whatToAsk(notice, resolve(facts({ notice })))).toBe("choice");
    expect(whatToAsk(notice, resolve(facts({ notice, token: decided })))).toBe("documents");
  });
  test("a plain notice until the version in force is agreed to", () => {
    const notice = aNotice({ model: "notice", purposes: [], documents: [terms] });
    const asked = (agreedUnder: number) => {
      const token = aToken({}, { documents: { terms: [1, agreedUnder] } });
      return whatToAsk(notice, resolve(facts({ notice, token })));
    };
    expect([asked(1), asked(2)]).toEqual(["documents", undefined]);
  });
  test("a kept agreement counts, a kept withdrawal ends it", () => {
    const notice = aNotice({ model: "notice", purposes: [], documents: [terms] });
    const kept = (version: number) => [aKept("k", {}, { agreed: { terms: version } })];
    const token = aToken({}, { documents: { terms: [2, 3] } });
    expect(whatToAsk(notice, resolve(facts({ notice, kept: kept(2) })))).toBeUndefined();
    expect(whatToAsk(notice, resolve(facts({ notice, token, kept: kept(0) })))).toBe("documents");
  });
});

test("there is something to withdraw when something was granted or agreed", () => {
  const of = (more: Partial<Facts>) => canWithdraw(resolve(facts(more)));
  expect(of({})).toBe(false);
  expect(of({ token: aToken({ analytics: denied() }) })).toBe(false);
  expect(of({ token: aToken({ analytics: granted() }) })).toBe(true);
  expect(of({ kept: [aKept("k", { analytics: true })] })).toBe(true);
  expect(of({ token: aToken({}, { documents: { terms: [2, 3] } }) })).toBe(true);
});
