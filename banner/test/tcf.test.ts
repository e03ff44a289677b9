import { TCString } from "@iabtechlabtcf/core";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { start } from "../src/lazy/tcf";
import { type Model, tcString } from "../src/lazy/tcstring";
import { aNotice, aPurpose, aService, NOW } from "./samples";
import { aVisit, change, openPreferences } from "./visits";

type Answer = Record<string, unknown>;
const page = window as unknown as { __tcfapi?: (...args: unknown[]) => unknown };

const model: Model = {
  cmpId: 431,
  cmpVersion: 2,
  country: "DE",
  language: "pt-BR",
  listVersion: 178,
  policyVersion: 5,
  at: Date.UTC(2026, 10, 23, 17, 45, 12),
  purposes: [1, 2, 3, 7, 11],
  vendors: [755],
  disclosed: [28, 755, 756],
};

describe("a TC string", () => {
  const decoded = TCString.decode(tcString(model));

  test("says who asked, in which language, with which vendor list", () => {
    expect(decoded).toMatchObject({
      version: 2,
      cmpId: 431,
      cmpVersion: 2,
      consentLanguage: "PT",
      publisherCountryCode: "DE",
      vendorListVersion: 178,
      policyVersion: 5,
      isServiceSpecific: true,
      useNonStandardTexts: true,
      purposeOneTreatment: false,
    });
  });

  test("tells the day and no more", () => {
    expect(decoded.created.getTime()).toBe(Date.UTC(2026, 10, 23));
    expect(decoded.lastUpdated).toEqual(decoded.created);
  });

  test("has consent, and no legitimate interest", () => {
    expect([...decoded.purposeConsents].flatMap(([id, has]) => (has ? [id] : []))).toEqual([
      1, 2, 3, 7, 11,
    ]);
    expect([...decoded.vendorConsents].flatMap(([id, has]) => (has ? [id] : []))).toEqual([755]);
    expect(decoded.purposeLegitimateInterests.size).toBe(0);
    expect(decoded.vendorLegitimateInterests.size).toBe(0);
    expect(decoded.specialFeatureOptins.size).toBe(0);
  });

  test("discloses vendors in a segment of their own", () => {
    expect([...decoded.vendorsDisclosed].flatMap(([id, has]) => (has ? [id] : []))).toEqual([
      28, 755, 756,
    ]);
  });

  test.each([
    [[]],
    [[1]],
    [[1, 3, 5, 7, 9, 11, 13, 15, 17]],
    [Array.from({ length: 400 }, (_, index) => index + 2)],
    [[9, 700, 701, 702, 1500]],
  ])("keeps any vendors: %j", (vendors) => {
    const whole = TCString.decode(tcString({ ...model, vendors, disclosed: vendors }));
    for (const vector of [whole.vendorConsents, whole.vendorsDisclosed])
      expect([...vector].flatMap(([id, has]) => (has ? [id] : []))).toEqual(vendors);
  });

  test("takes the shorter of bits and ranges", () => {
    const one = tcString({ ...model, vendors: [1500], disclosed: [1500] });
    const many = Array.from({ length: 40 }, (_, index) => 2 * index + 1);
    expect(one.length).toBeLessThan(60);
    expect(tcString({ ...model, vendors: many, disclosed: many }).length).toBeLessThan(90);
  });
});

const vendors = aNotice({
  locale: "de",
  signals: {
    tcf: {
      cmp_id: 431,
      cmp_version: 1,
      country: "DE",
      list_version: 178,
      policy_version: 5,
      purposes: { analytics: [7, 8], marketing: [1, 2, 8] },
      vendors: { tally: 28, adserver: 755 },
    },
  },
  purposes: [aPurpose("analytics"), aPurpose("marketing")],
  services: [aService("tally", "analytics"), aService("adserver", "marketing")],
});

function listen(): { told: Answer[]; id: () => unknown } {
  const told: Answer[] = [];
  page.__tcfapi?.("addEventListener", 2, (data: Answer) => told.push(data));
  return { told, id: () => told[0]?.listenerId };
}

describe("__tcfapi", () => {
  beforeEach(() => {
    delete page.__tcfapi;
  });

  test("answers what the head stub has queued", () => {
    const told = vi.fn();
    page.__tcfapi = () => [["addEventListener", 2, told]];
    start(aVisit(vendors));
    expect(told.mock.calls[0]?.[0]).toMatchObject({ eventStatus: "tcloaded", listenerId: 1 });
  });

  test("tells a returning visitor's consent by purpose and by vendor", () => {
    start(aVisit(vendors, ["analytics"], { services: { adserver: true } }));
    const { told } = listen();
    expect(told[0]).toMatchObject({
      gdprApplies: true,
      eventStatus: "tcloaded",
      cmpId: 431,
      publisherCC: "DE",
      // 8 is part of marketing too, which was not allowed.
      purpose: { consents: { 7: true }, legitimateInterests: {} },
      vendor: { consents: { 28: true, 755: true }, disclosedVendors: { 28: true, 755: true } },
    });
    const decoded = TCString.decode(String(told[0]?.tcString));
    expect(decoded.consentLanguage).toBe("DE");
    expect(decoded.vendorConsents.has(755)).toBe(true);
    expect(decoded.purposeConsents.has(8)).toBe(false);
    expect(decoded.created.getTime()).toBe(Math.floor(NOW / 86400) * 86_400_000);
  });

  test("waits for the question, and has no string before its answer", () => {
    const allowed: string[] = [];
    start(aVisit(vendors, allowed, { known: false }));
    const { told } = listen();
    expect(told).toEqual([]);
    openPreferences();
    expect(told[0]).toMatchObject({ eventStatus: "cmpuishown", tcString: "" });
    allowed.push("marketing");
    change();
    expect(told[1]).toMatchObject({
      eventStatus: "useractioncomplete",
      purpose: { consents: { 1: true, 2: true } },
      vendor: { consents: { 755: true } },
    });
  });

  test("is up already where the visitor is being asked", () => {
    start(aVisit(vendors, [], { known: false, asks: true }));
    expect(listen().told[0]).toMatchObject({ eventStatus: "cmpuishown" });
  });

  test("tells that the GDPR does not apply, and nothing else, where nobody is asked for consent", () => {
    start(aVisit({ ...vendors, model: "opt-out" }));
    const { told } = listen();
    expect(told[0]).toMatchObject({ gdprApplies: false, eventStatus: "tcloaded" });
    expect(told[0]).not.toHaveProperty("tcString");
  });

  test("pings", () => {
    start(aVisit(vendors));
    openPreferences();
    const told = vi.fn();
    page.__tcfapi?.("ping", 2, told);
    expect(told).toHaveBeenCalledWith(
      expect.objectContaining({
        cmpLoaded: true,
        cmpStatus: "loaded",
        displayStatus: "visible",
        gdprApplies: true,
        gvlVersion: 178,
        tcfPolicyVersion: 5,
      }),
      true,
    );
  });

  test("tells a listener nothing after it was removed", () => {
    start(aVisit(vendors));
    const { told, id } = listen();
    const removed = vi.fn();
    page.__tcfapi?.("removeEventListener", 2, removed, id());
    page.__tcfapi?.("removeEventListener", 2, removed, id());
    change();
    expect(removed.mock.calls).toEqual([
      [true, true],
      [false, true],
    ]);
    expect(told).toHaveLength(1);
  });

  test("refuses other commands and other versions", () => {
    start(aVisit(vendors));
    const told = vi.fn();
    page.__tcfapi?.("getTCData", 2, told);
    page.__tcfapi?.("ping", 1, told);
    expect(told.mock.calls).toEqual([
      [null, false],
      [null, false],
    ]);
  });
});
