import { beforeEach, describe, expect, test, vi } from "vitest";
import { queues, type Signal } from "../src/signal";
import { signal as clarity } from "../src/signals/clarity";
import { signal as dataLayer } from "../src/signals/data_layer";
import { signal as google } from "../src/signals/google";
import { signal as meta } from "../src/signals/meta";
import { signal as uet } from "../src/signals/uet";

const nothing = () => false;
const only =
  (...allowed: string[]) =>
  (purpose?: string) =>
    purpose !== undefined && allowed.includes(purpose);

beforeEach(() => {
  for (const name of ["dataLayer", "uetq", "_paq", "clarity", "fbq"] as const) delete queues[name];
});

const commands = () => queues.dataLayer?.map((args) => Array.from(args as IArguments));

describe("Google", () => {
  const config = {
    ad_storage: "marketing",
    ad_user_data: "marketing",
    analytics_storage: "analytics",
  };

  test("is told the default before anything else, with all seven keys", () => {
    google(config, nothing, true);
    expect(commands()).toEqual([
      ["set", "ads_data_redaction", true],
      ["set", "url_passthrough", false],
      [
        "consent",
        "default",
        {
          ad_storage: "denied",
          ad_user_data: "denied",
          ad_personalization: "denied",
          analytics_storage: "denied",
          functionality_storage: "denied",
          personalization_storage: "denied",
          security_storage: "granted",
          wait_for_update: 500,
        },
      ],
    ]);
  });

  test("gets arguments objects, which its tags tell from data", () => {
    google(config, nothing, true);
    for (const command of queues.dataLayer ?? [])
      expect(Object.prototype.toString.call(command)).toBe("[object Arguments]");
  });

  test("is told once per act, with the same seven keys", () => {
    google(config, only("analytics"), false);
    expect(commands()).toEqual([
      [
        "consent",
        "update",
        {
          ad_storage: "denied",
          ad_user_data: "denied",
          ad_personalization: "denied",
          analytics_storage: "granted",
          functionality_storage: "denied",
          personalization_storage: "denied",
          security_storage: "granted",
        },
      ],
    ]);
  });

  test("has no security storage where that is mapped to what is denied", () => {
    google({ security_storage: "marketing" }, nothing, false);
    expect(commands()?.[0]?.[2]).toMatchObject({ security_storage: "denied" });
  });

  test("finds what the page has queued before", () => {
    queues.dataLayer = [{ event: "page" }];
    google(config, nothing, false);
    expect(queues.dataLayer).toHaveLength(2);
  });
});

describe("Microsoft", () => {
  test("Advertising gets a default and updates", () => {
    uet({ ad_storage: "marketing" }, nothing, true);
    uet({ ad_storage: "marketing" }, only("marketing"), false);
    expect(queues.uetq).toEqual([
      ...["consent", "default", { ad_storage: "denied" }],
      ...["consent", "update", { ad_storage: "granted" }],
    ]);
  });

  test("Clarity is told in a queue until it has loaded", () => {
    const config = { ad_Storage: "marketing", analytics_Storage: "analytics" };
    clarity(config, only("analytics"), false);
    expect(queues.clarity?.q).toEqual([
      ["consentv2", { ad_Storage: "denied", analytics_Storage: "granted" }],
    ]);
  });

  test("Clarity is called once it has loaded", () => {
    const loaded = vi.fn();
    queues.clarity = loaded;
    clarity({}, only("analytics"), false);
    expect(loaded).toHaveBeenCalledWith("consentv2", {
      ad_Storage: "denied",
      analytics_Storage: "denied",
    });
  });
});

describe("Meta", () => {
  test("is told where its pixel is on the page", () => {
    const fbq = vi.fn();
    queues.fbq = fbq;
    meta({ purpose: "marketing" }, only("marketing"), false);
    meta({ purpose: "marketing" }, nothing, false);
    expect(fbq.mock.calls).toEqual([
      ["consent", "grant"],
      ["consent", "revoke"],
    ]);
  });

  test("finds no function in its place, since its snippet would then load nothing", () => {
    meta({ purpose: "marketing" }, nothing, true);
    expect(queues.fbq).toBeUndefined();
  });
});

describe("Matomo", () => {
  async function fresh(): Promise<Signal> {
    vi.resetModules();
    return (await import("../src/signals/matomo")).signal;
  }

  test.each([
    ["cookies", "CookieConsent"],
    ["tracking", "Consent"],
  ])("that asks for %s requires consent, is told of it, and of its end", async (asks, what) => {
    const matomo = await fresh();
    const config = { purpose: "analytics", asks };
    matomo(config, nothing, true);
    matomo(config, only("analytics"), false);
    matomo(config, nothing, false);
    expect(queues._paq).toEqual([[`require${what}`], [`set${what}Given`], [`forget${what}Given`]]);
  });

  test("has nothing to forget where nothing was given", async () => {
    const matomo = await fresh();
    matomo({ purpose: "analytics", asks: "cookies" }, nothing, true);
    matomo({ purpose: "analytics", asks: "cookies" }, nothing, false);
    expect(queues._paq).toEqual([["requireCookieConsent"]]);
  });

  test("is told to forget what the head stub may have told it", async () => {
    const matomo = await fresh();
    matomo({ purpose: "analytics", asks: "cookies" }, nothing, false);
    expect(queues._paq).toEqual([["forgetCookieConsentGiven"]]);
  });
});

test("tag managers get an event with what is allowed", () => {
  const config = { event: "consent_update", purposes: ["analytics", "marketing"] };
  dataLayer(config, only("marketing"), false);
  expect(queues.dataLayer).toEqual([
    { event: "consent_update", consent: { analytics: false, marketing: true } },
  ]);
});
