import { CmpApi } from "@iabgpp/cmpapi";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { gppString, start } from "../src/lazy/gpp";
import { type Encoded, encodeSection, type Said } from "../src/lazy/us";
import { aNotice, aPurpose } from "./samples";
import { aVisit, change, openPreferences } from "./visits";

type Answer = Record<string, unknown>;
const page = window as unknown as { __gpp?: (...args: unknown[]) => unknown };

const NAMES = [
  ...["usnat", "usca", "usva", "usco", "usut", "usct", "usfl", "usmt", "usor", "ustx", "usde"],
  ...["usia", "usne", "usnh", "usnj", "ustn", "usmn", "usmd", "usin", "usky", "usri"],
];
const optedOut: Said = { sells: true, optedOut: true, gpc: true };

/** The model of the IAB's own library, which keeps it to itself. */
function theirs(text?: string) {
  page.__gpp = () => [];
  const api = new CmpApi(5, 1) as unknown as { cmpApiContext: { gppModel: Theirs } };
  const model = api.cmpApiContext.gppModel;
  if (text) model.decode(text);
  return model;
}

interface Theirs {
  decode(text: string): void;
  encode(): string;
  getSectionIds(): number[];
  getFieldValue(section: string, field: string): unknown;
  setFieldValue(section: string, field: string, value: unknown): void;
}

const fieldsOf = (sections: Encoded[]) => Object.assign({}, ...(sections[0]?.segments ?? []));

function ours(names: string[], said: Said = optedOut) {
  return names.flatMap((name) => encodeSection(name, said) ?? []);
}

describe("the string", () => {
  test("of the national section, with everything opted out, is the one of the IAB's library", () => {
    expect(gppString(ours(["usnat"]))).toBe("DBABLA~CFQVAAAAAACA.YA");
  });

  test.each(NAMES)("of %s is what the IAB's library encodes and decodes", (name) => {
    for (const said of [
      optedOut,
      { ...optedOut, optedOut: false },
      { ...optedOut, sells: false },
    ]) {
      const sections = ours([name], { ...said, gpc: said.optedOut });
      const text = gppString(sections);
      const decoded = theirs(text);
      const again = theirs();
      for (const [field, value] of Object.entries(fieldsOf(sections))) {
        expect([field, decoded.getFieldValue(name, field)]).toEqual([field, value]);
        again.setFieldValue(name, field, value);
      }
      expect(decoded.getSectionIds()).toEqual([sections[0]?.id]);
      if (["usin", "usky", "usri"].includes(name))
        again.setFieldValue(name, "SensitiveDataConsentSegmentIncluded", false);
      expect(text).toBe(again.encode());
    }
  });

  test.each([
    [["usnat", "usca"]],
    [["usca", "usva", "usco", "ustx"]],
    [["usnat", "usct", "usri"]],
    [NAMES],
    [[]],
  ])("has a header that the IAB's library reads: %j", (names) => {
    const sections = ours(names);
    expect(theirs(gppString(sections)).getSectionIds()).toEqual(sections.map(({ id }) => id));
  });
});

const sellers = (sections: string[] = ["usnat", "usca"]) =>
  aNotice({
    model: "opt-out",
    signals: { gpp: { cmp_id: 5, sections } },
    purposes: [
      aPurpose("analytics"),
      aPurpose("ads", { sale_or_sharing: true }),
      aPurpose("sale", { sale_or_sharing: true }),
    ],
  });

function ask(command: string, parameter?: unknown): Answer {
  const told = vi.fn();
  page.__gpp?.(command, told, parameter);
  return told.mock.calls[0]?.[0];
}

describe("__gpp", () => {
  beforeEach(() => {
    delete page.__gpp;
  });

  test("answers what the head stub has queued, in its order", () => {
    const told: string[] = [];
    const queue = [
      ["ping", () => told.push("ping")],
      ["hasSection", () => told.push("hasSection"), "usnat"],
    ];
    page.__gpp = () => queue;
    start(aVisit(sellers()));
    expect(told).toEqual(["ping", "hasSection"]);
  });

  test("pings with the operator's own id and the string", () => {
    start(aVisit(sellers()));
    expect(ask("ping")).toMatchObject({
      gppVersion: "1.1",
      cmpId: 5,
      cmpStatus: "loaded",
      cmpDisplayStatus: "hidden",
      signalStatus: "ready",
      supportedAPIs: ["7:usnat", "8:usca"],
      sectionList: [7, 8],
      applicableSections: [7, 8],
      gppString: gppString(ours(["usnat", "usca"], { ...optedOut, gpc: false })),
    });
  });

  test("says opted out unless every sale is allowed", () => {
    start(aVisit(sellers(), ["ads", "sale"]));
    expect(ask("getField", "usnat.SaleOptOut")).toBe(2);
    start(aVisit(sellers(), ["ads"]));
    expect(ask("getField", "usnat.SaleOptOut")).toBe(1);
    expect(ask("getField", "usca.SharingOptOut")).toBe(1);
  });

  test("tells Global Privacy Control in a segment of its own", () => {
    start(aVisit(sellers(), [], { gpc: true }));
    expect(ask("getSection", "usnat")[1]).toEqual({ GpcSegmentType: 1, Gpc: true });
  });

  test("tells nothing about sections that it does not have", () => {
    start(aVisit(sellers()));
    expect(ask("hasSection", "usut")).toBe(false);
    expect(ask("getSection", "usut")).toBeNull();
    expect(ask("getField", "usnat.Nothing")).toBeNull();
    expect(ask("toString")).toBeNull();
  });

  test("has no section where the visitor's law has none", () => {
    start(aVisit(sellers([])));
    expect(ask("ping")).toMatchObject({ applicableSections: [0], gppString: "DBAA" });
  });

  test("tells listeners of changes, until they are removed", () => {
    const allowed = ["ads", "sale"];
    start(aVisit(sellers(), allowed));
    const events: unknown[] = [];
    page.__gpp?.("addEventListener", (event: Answer) => events.push([event.eventName, event.data]));
    openPreferences();
    allowed.length = 0;
    change();
    change();
    expect(ask("removeEventListener", 1)).toMatchObject({ data: true });
    allowed.push("ads", "sale");
    change();
    expect(events).toEqual([
      ["listenerRegistered", true],
      ["cmpDisplayStatus", "visible"],
      ["cmpDisplayStatus", "hidden"],
      ["sectionChange", "usnat"],
      ["sectionChange", "usca"],
    ]);
  });
});
