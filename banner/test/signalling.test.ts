import { beforeEach, expect, test, vi } from "vitest";
import type { Core } from "../src/core";
import type { Signal } from "../src/signal";
import { allows, resolve } from "../src/state";
import type { Kept, Notice, TokenDecision } from "../src/types";
import { aKept, aNotice, aPurpose, aToken, NOW } from "./samples";

type Told = [first: boolean, analytics: boolean];

let signal: (core: Core, signals: Record<string, Signal>) => void;
let told: Told[];
const signals = {
  google: ((config, allowed, first) => {
    told.push([first, allowed(config.analytics_storage)]);
  }) as Signal,
};

beforeEach(async () => {
  vi.resetModules();
  signal = (await import("../src/signalling")).signal;
  told = [];
});

interface Visitor {
  decisions?: Record<string, TokenDecision>;
  kept?: Kept[];
}

function aSite(more: Record<string, unknown> = {}, before: "allowed" | "denied" = "denied") {
  return aNotice({
    model: before === "allowed" ? "opt-out" : "opt-in",
    signals: { google: { analytics_storage: "analytics" }, ...more },
    purposes: [aPurpose("analytics", { before_choice: before })],
    services: [],
  });
}

/** Somebody on a page; what they answer is put into `visitor`. */
function onPage(notice: Notice, visitor: Visitor = {}): { tell(): void; load: Core["load"] } {
  const facts = () => ({
    notice,
    token: visitor.decisions && aToken(visitor.decisions),
    kept: visitor.kept ?? [],
    gpc: false,
    now: NOW,
  });
  const load = vi.fn(() => new Promise<never>(() => {}));
  const tell = () => {
    const state = resolve(facts());
    const core = {
      resolve,
      notice,
      state,
      facts,
      load,
      allows: (purpose: string) => allows(state, purpose),
      values: () =>
        Object.fromEntries(Object.entries(state.purposes).map(([key, { value }]) => [key, value])),
    };
    signal(core as unknown as Core, signals);
  };
  return { tell, load };
}

const granted: TokenDecision = ["granted", 3, 0];
const denied: TokenDecision = ["denied", 3, 0];

test("who is new is told about by the default alone, however often the page looks", () => {
  const { tell } = onPage(aSite());
  tell();
  tell();
  expect(told).toEqual([[true, false]]);
});

test("the default of who comes back is followed by what holds", () => {
  onPage(aSite(), { decisions: { analytics: granted } }).tell();
  expect(told).toEqual([
    [true, false],
    [false, true],
  ]);
});

test("each act is told once, its withdrawal too", () => {
  const visitor: Visitor = {};
  const { tell } = onPage(aSite(), visitor);
  tell();
  visitor.decisions = { analytics: granted };
  tell();
  tell();
  visitor.decisions = { analytics: denied };
  tell();
  expect(told).toEqual([
    [true, false],
    [false, true],
    [false, false],
  ]);
});

test("after the head stub there is no second default, but what holds", () => {
  onPage(aSite({ head: true }, "allowed")).tell();
  expect(told).toEqual([[false, true]]);
});

test("a refusal that is not sent yet corrects what the head stub may have told", () => {
  const kept = [aKept("key", { analytics: false })];
  onPage(aSite({ head: true }), { decisions: { analytics: granted }, kept }).tell();
  expect(told).toEqual([[false, false]]);
});

test("the IAB's interfaces are loaded where the site has them", () => {
  const { tell, load } = onPage(aSite({ gpp: { cmp_id: 5, sections: [] } }));
  tell();
  tell();
  expect(load).toHaveBeenCalledTimes(1);
  expect(load).toHaveBeenCalledWith("g");
});
