import { describe, expect, test } from "vitest";
import { allows, asksForPart, type Facts, parseToken, resolve, whatToAsk } from "../src/state";
import type { Token } from "../src/types";
import { aDocument, aKept, aNotice, aPurpose, aService, aToken, encode, NOW } from "./samples";

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
  test("is read, whatever else it holds", () => {
    const token = { ...aToken({ analytics: granted() }), objected: NOW, news: "~?>" };
    expect(parseToken(encode(token), "shop")).toEqual(token);
  });
  test.each([
    ["nothing", undefined],
    ["no base64", "%%%.k.s"],
    ["no JSON", `${btoa("{")}.k.s`],
    ["another site", encode({ ...aToken({}), site: "news" })],
    ["another version", encode({ ...aToken({}), v: 2 })],
    ["a list", encode([])],
    ["a decision that is nothing", encode({ ...aToken({}), purposes: { analytics: null } })],
    ["one without decisions", encode({ ...aToken({}), purposes: null })],
  ])("counts as absent: %s", (_, raw) => {
    expect(parseToken(raw, "shop")).toBeUndefined();
  });
});

test.each([["maybe", 3, 0], "granted", ["granted", "x", "y"], {}, null])(
  "a decision that is none allows nothing: %j",
  (decision) => {
    const token = parseToken(encode({ ...aToken({}), purposes: { analytics: decision } }), "shop");
    let allowed = false;
    try {
      allowed = allows(resolve(facts({ token })), "analytics");
    } catch {
      // The banner says so and denies everything.
    }
    expect(allowed).toBe(false);
  },
);

test("no name that every object knows lets a service through", () => {
  expect(allows(resolve(facts()), "analytics", "constructor")).toBe(false);
});

test("without a notice a decision counts until it expires", () => {
  const token = aToken({ analytics: granted(1), marketing: granted(1, NOW - 1) });
  const state = resolve(facts({ notice: undefined, token }));
  expect([allows(state, "analytics"), allows(state, "marketing")]).toEqual([true, false]);
  expect(allows(state, "unheard-of")).toBe(false);
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

describe("where a grant counts at the click", () => {
  const notice = aNotice({ release: "click" });
  test("it opens before it is stored, for services too", () => {
    const kept = [aKept("k", { analytics: true })];
    const state = resolve(facts({ notice, kept }));
    expect(state.purposes.analytics).toMatchObject({
      ...{ allowed: true, value: "granted", pending: false },
    });
    const own = [aKept("k", {}, { services: { tally: true } })];
    expect(allows(resolve(facts({ notice, kept: own })), "analytics", "tally")).toBe(true);
    expect(allows(resolve(facts({ kept: own })), "analytics", "tally")).toBe(false);
  });
  test("a signal stands against it all the same", () => {
    const kept = [aKept("k", { marketing: true })];
    const state = resolve(facts({ notice, kept, gpc: true }));
    expect(state.purposes.marketing).toMatchObject({ allowed: false, value: "denied" });
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
  const sale = (token: Token, gpc = true) => {
    const state = resolve(facts({ token, gpc }));
    return [allows(state, "marketing"), state.purposes.marketing?.value];
  };

  test("switches a sale off, unless it was allowed in a second act", () => {
    expect(sale(aToken({ marketing: granted() }))).toEqual([false, "denied"]);
    expect(sale(aToken({ marketing: granted() }), false)).toEqual([true, "granted"]);
    expect(sale(aToken({ marketing: ["granted", 3, 0, 1] }))).toEqual([true, "granted"]);
  });
  test("switches off a service that was granted by itself", () => {
    const token = aToken({ marketing: denied() }, { services: { adverra: granted() } });
    const notice = aNotice({ services: [aService("adverra", "marketing")] });
    const allowed = (gpc: boolean) =>
      allows(resolve(facts({ notice, token, gpc })), "marketing", "adverra");
    expect([allowed(false), allowed(true)]).toEqual([true, false]);
  });
  test("lets only a kept grant wait that was given in a second act", () => {
    const pending = (signals: object) => {
      const kept = aKept("k", { marketing: true });
      Object.assign(kept.answer, { signals });
      return resolve(facts({ gpc: true, kept: [kept] })).purposes.marketing?.pending;
    };
    expect([pending({ gpc: true, override: true }), pending({ gpc: true })]).toEqual([true, false]);
  });
});

describe("a kept refusal", () => {
  const purposes = [
    aPurpose("marketing", { sale_or_sharing: true, before_choice: "allowed", asked_since: 4 }),
    aPurpose("partners", { sale_or_sharing: true, before_choice: "allowed", asked_since: 4 }),
    aPurpose("analytics", { before_choice: "allowed", asked_since: 4 }),
  ];
  const lifetime = { quiet_days: 365 };
  const at = new Date((NOW - 10) * 1000).toISOString();
  const kept = [aKept("k", { marketing: false }, { at })];

  test("is an opt-out from other sales, and keeps quiet", () => {
    const notice = aNotice({ model: "opt-out", purposes, services: [], lifetime });
    const state = resolve(facts({ notice, kept }));
    expect(Object.values(state.purposes).map((one) => [one.allowed, one.value])).toEqual([
      [false, "denied"],
      [false, "denied"],
      [true, "undecided"],
    ]);
    expect(whatToAsk(notice, state)).toBeUndefined();
    const year = { now: NOW + 366 * 86400 };
    expect(whatToAsk(notice, resolve(facts({ notice, kept, ...year })))).toBe("choice");
  });
});

describe("what to ask", () => {
  const decided = aToken({ analytics: granted(), marketing: denied() });
  const terms = aDocument("terms", { accept: "agree", asked_since: 2 });
  test("is only a part where something else is decided", () => {
    const part = (token: Token) => asksForPart(aNotice(), resolve(facts({ token })));
    expect(part(aToken({}))).toBe(false);
    expect(part(aToken({ analytics: granted(3, NOW - 1) }))).toBe(false);
    expect(part(aToken({ analytics: denied() }))).toBe(true);
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
  const of = (more: Partial<Facts>) => resolve(facts(more)).withdrawable;
  expect(of({})).toBe(false);
  expect(of({ token: aToken({ analytics: denied() }) })).toBe(false);
  expect(of({ token: aToken({ analytics: granted() }) })).toBe(true);
  expect(of({ kept: [aKept("k", { analytics: true })] })).toBe(true);
  expect(of({ token: aToken({}, { documents: { terms: [2, 3] } }) })).toBe(true);
});

test("a slow clock keeps no question away", () => {
  const token = aToken({ analytics: granted() }, { objected: NOW + 3600 });
  expect(whatToAsk(aNotice(), resolve(facts({ token })))).toBe("choice");
});

test("a signal alone decides nothing: what it answers for is no part", () => {
  const notice = aNotice({ model: "opt-out" });
  expect(asksForPart(notice, resolve(facts({ notice, gpc: true })))).toBe(false);
});
