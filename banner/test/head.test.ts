import { beforeEach, describe, expect, test, vi } from "vitest";
import { buildHead } from "../head.mjs";
import { queues } from "../src/signal";
import type { TokenDecision } from "../src/types";
import { aToken, encode } from "./samples";

type Any = Record<string, unknown>;
const template = await buildHead();
const page = window as unknown as Any & {
  __gpp(...args: unknown[]): unknown;
  __tcfapi(...args: unknown[]): unknown;
};
const HOUR = 3600;
const later = Math.floor(Date.now() / 1000) + HOUR;
const config = {
  c: " __Host-consent_state_shop=",
  q: "consent_queue_shop",
  p: [
    ["analytics", 3],
    ["marketing", 2, 0, 1],
    ["", 0, 1],
    ["sale", 1, 1, 1],
  ],
  g: { ad_storage: 1, analytics_storage: 0, personalization_storage: 9, security_storage: 2 },
  u: { ad_storage: 1 },
  y: { ad_Storage: 1, analytics_Storage: 0 },
  m: "requireCookieConsent",
};

/** Runs the stub as the service serves it, with only the named sections. */
function run(sections: string[], more: Any = {}, cookie = ""): void {
  const kept = template.replace(/\/\*\{(\w+)\*\/([\s\S]*?)\/\*\}\*\//g, (_, name, text) =>
    sections.includes(name) ? text : "",
  );
  vi.spyOn(document, "cookie", "get").mockReturnValue(cookie);
  new Function(kept.replace("CONFIG", JSON.stringify({ ...config, ...more })))();
}

const cookieOf = (purposes: Record<string, TokenDecision>) =>
  `other=1; __Host-consent_state_shop=${encode(aToken(purposes))}; more=2`;

const commands = () => queues.dataLayer?.map((args) => Array.from(args as IArguments));
const told = () => commands()?.map(([, word, values]) => [word, values]);

function signal(on: boolean): void {
  Object.defineProperty(navigator, "globalPrivacyControl", { value: on, configurable: true });
}

beforeEach(() => {
  for (const name of ["dataLayer", "uetq", "_paq", "clarity", "siteConsent", "__gpp", "__tcfapi"])
    delete page[name];
  for (const frame of document.querySelectorAll("iframe")) frame.remove();
  localStorage.clear();
  vi.restoreAllMocks();
  signal(false);
});

describe("defaults", () => {
  test("are told to Google before anything else, and nothing more without an answer", () => {
    run(["answers", "google"]);
    expect(commands()).toEqual([
      ["set", "ads_data_redaction", true],
      [
        "consent",
        "default",
        {
          ad_storage: "denied",
          analytics_storage: "denied",
          personalization_storage: "denied",
          security_storage: "granted",
          wait_for_update: 500,
        },
      ],
    ]);
    expect(Object.prototype.toString.call(queues.dataLayer?.[0])).toBe("[object Arguments]");
  });

  test("are told to Microsoft and Matomo", () => {
    run(["answers", "uet", "clarity", "matomo"]);
    expect(queues.uetq).toEqual(["consent", "default", { ad_storage: "denied" }]);
    expect(queues.clarity?.q).toEqual([
      ["consentv2", { ad_Storage: "denied", analytics_Storage: "denied" }],
    ]);
    expect(queues._paq).toEqual([["requireCookieConsent"]]);
  });

  test("let run what is allowed until an objection, but for sales under the signal", () => {
    const g = { ad_storage: 3 };
    run(["answers", "google"], { g });
    expect(commands()?.[1]?.[2]).toMatchObject({ ad_storage: "granted" });
    delete queues.dataLayer;
    signal(true);
    run(["answers", "google"], { g });
    expect(commands()?.[1]?.[2]).toMatchObject({ ad_storage: "denied" });
  });

  test("tell the banner that they were told", () => {
    run([]);
    expect(page.siteConsent).toEqual({ head: 1 });
    expect(queues.dataLayer).toBeUndefined();
  });
});

describe("an update", () => {
  const updated = (purposes: Record<string, TokenDecision>, g: Any = config.g) => {
    run(["answers", "google"], { g }, cookieOf(purposes));
    return told()?.[2];
  };

  test("says what the cookie grants", () => {
    expect(updated({ analytics: ["granted", 3, later], marketing: ["denied", 3, later] })).toEqual([
      "update",
      {
        ad_storage: "denied",
        analytics_storage: "granted",
        personalization_storage: "denied",
        security_storage: "granted",
      },
    ]);
  });

  test.each<[string, TokenDecision, string]>([
    ["never ends", ["granted", 3, 0], "granted"],
    ["was given to a later notice", ["granted", 9, later], "granted"],
    ["is over", ["granted", 3, later - 2 * HOUR], "denied"],
    ["was given before the purpose meant something else", ["granted", 2, later], "denied"],
  ])("goes by a consent that %s", (_, decision, word) => {
    expect(updated({ analytics: decision })?.[1]).toMatchObject({ analytics_storage: word });
  });

  test("denies a sale under the signal, whatever the cookie says", () => {
    signal(true);
    const said = updated({ marketing: ["granted", 3, later], analytics: ["granted", 3, later] });
    expect(said?.[1]).toMatchObject({ ad_storage: "denied", analytics_storage: "granted" });
  });

  test.each<[string, Record<string, TokenDecision>, string]>([
    ["an objection holds for good", { sale: ["denied", 1, 1] }, "denied"],
    ["a grant holds", { sale: ["granted", 1, 0] }, "granted"],
    ["another sale may have been objected to", {}, "denied"],
  ])("of a sale that runs until an objection: %s", (_, purposes, word) => {
    expect(updated(purposes, { ad_storage: 3 })?.[1]).toMatchObject({ ad_storage: word });
  });

  test("goes to Microsoft too", () => {
    const cookie = cookieOf({ marketing: ["granted", 3, later] });
    run(["answers", "uet", "clarity"], {}, cookie);
    expect(queues.uetq?.slice(3)).toEqual(["consent", "update", { ad_storage: "granted" }]);
    expect(queues.clarity?.q).toEqual([
      ["consentv2", { ad_Storage: "granted", analytics_Storage: "denied" }],
    ]);
  });

  test("waits for the banner where an answer is not sent yet: it may take back what was granted", () => {
    localStorage.setItem("consent_queue_shop", "[{}]");
    expect(updated({ analytics: ["granted", 3, later] })).toBeUndefined();
  });

  test.each([
    "__Host-consent_state_shop=%%%.k.s",
    "__Host-consent_state_shop=e30.k.s",
    "x__Host-consent_state_shop=e30.k.s",
    "consent_state_shop=e30.k.s",
  ])("is not made of %s", (cookie) => {
    run(["answers", "google"], {}, cookie);
    expect(told()).toHaveLength(2);
  });
});

describe("the IAB's interfaces", () => {
  const ask = async (data: unknown) => {
    const source = { postMessage: vi.fn() };
    dispatchEvent(new MessageEvent("message", { data, source: source as unknown as Window }));
    return source.postMessage.mock.calls;
  };

  test("answer pings, and queue everything else until they are taken over", () => {
    run(["api", "gpp", "tcf"]);
    const callback = vi.fn();
    page.__gpp("ping", callback);
    page.__tcfapi("ping", 2, callback);
    expect(callback.mock.calls).toEqual([
      [expect.objectContaining({ cmpStatus: "stub", signalStatus: "not ready" }), true],
      [expect.objectContaining({ cmpLoaded: false, cmpStatus: "stub" }), true],
    ]);
    page.__gpp("hasSection", callback, "usnat");
    page.__tcfapi("addEventListener", 2, callback);
    expect(page.__gpp()).toEqual([["hasSection", callback, "usnat"]]);
    expect(page.__tcfapi()).toEqual([["addEventListener", 2, callback]]);
  });

  test("are found by frames", () => {
    run(["api", "gpp", "tcf"]);
    const names = [...document.querySelectorAll("iframe")].map(({ name }) => name);
    expect(names).toEqual(["__gppLocator", "__tcfapiLocator"]);
    for (const frame of document.querySelectorAll("iframe")) expect(frame.src).toBe("");
  });

  test("answer frames in the form that they were asked in", async () => {
    run(["api", "gpp", "tcf"]);
    const [[gpp]] = (await ask({ __gppCall: { command: "ping", callId: 7 } })) as [[Any]];
    expect(gpp.__gppReturn).toMatchObject({ success: true, callId: 7 });
    const call = { __tcfapiCall: { command: "ping", version: 2, callId: "a" } };
    const [[tcf]] = (await ask(JSON.stringify(call))) as [[string]];
    expect(JSON.parse(tcf).__tcfapiReturn).toMatchObject({ success: true, callId: "a" });
  });

  test("hand frames' questions to who has taken over", async () => {
    run(["api", "gpp", "tcf"]);
    page.__gpp = vi.fn();
    page.__tcfapi = vi.fn();
    await ask({ __gppCall: { command: "getField", parameter: "usnat.Gpc", callId: 1 } });
    await ask({ __tcfapiCall: { command: "removeEventListener", version: 2, parameter: 4 } });
    expect(page.__gpp).toHaveBeenCalledWith("getField", expect.any(Function), "usnat.Gpc");
    expect(page.__tcfapi).toHaveBeenCalledWith("removeEventListener", 2, expect.any(Function), 4);
  });

  test("leave other messages alone", async () => {
    run(["api", "gpp", "tcf"]);
    for (const data of ["no JSON", null, { other: 1 }, 5, "[]"])
      expect(await ask(data)).toEqual([]);
  });
});
