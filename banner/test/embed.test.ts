import { describe, expect, test } from "vitest";
import { cookieNames, readEmbed, transportOf, webAddress } from "../src/embed";

function tag(src: string, data: Record<string, string> = {}): HTMLScriptElement {
  const script = document.createElement("script");
  Object.defineProperty(script, "src", { value: src });
  Object.assign(script.dataset, data);
  return script;
}

describe("the script tag", () => {
  test.each([
    ["https://cm.example/static/consent-banner.js", "https://cm.example"],
    ["https://shop.example/_cm/static/consent-banner.js?x=/static/", "https://shop.example/_cm"],
    ["https://shop.example/static/cm/static/b/aa/consent.js", "https://shop.example/static/cm"],
  ])("%s names its base address", (src, base) => {
    expect(readEmbed(tag(src, { site: "shop" }), "de")).toEqual({ base, key: "shop", lang: "de" });
  });
  test("may carry the key in the address, and the language", () => {
    const script = tag("http://localhost:8000/v1/sites/shop/consent-banner.js", { lang: "ar" });
    const embed = { base: "http://localhost:8000", key: "shop", lang: "ar" };
    expect(readEmbed(script, "de")).toEqual(embed);
  });
  test("may bring the notice, of its own site only", () => {
    const script = tag("https://cm.example/v1/sites/shop/consent-banner.js");
    Object.assign(script, { consentNotice: { site: "shop" } });
    expect(readEmbed(script, "")?.inlined).toEqual({ site: "shop" });
    Object.assign(script, { consentNotice: { site: "news" } });
    expect(readEmbed(script, "")?.inlined).toBeUndefined();
  });
  test.each(["Shop", "../x", ""])("refuses the key %j", (site) => {
    expect(
      readEmbed(tag("https://cm.example/static/consent-banner.js", { site }), ""),
    ).toBeUndefined();
  });
});

test.each([
  ["https:", "shop.example", "secure"],
  ["http:", "localhost", "loopback"],
  ["http:", "shop.localhost", "loopback"],
  ["http:", "127.0.0.1", "loopback"],
  ["http:", "[::1]", "loopback"],
  ["http:", "shop.example", undefined],
  ["http:", "localhost.example", undefined],
  ["http:", "127.0.0.1.example", undefined],
  ["file:", "", undefined],
])("a page on %s//%s is %s", (protocol, hostname, transport) => {
  expect(transportOf({ protocol, hostname })).toBe(transport);
});

test("cookie names follow mode and transport", () => {
  expect(cookieNames("consent_shop", true, "external")).toEqual(["__Host-consent_shop"]);
  expect(cookieNames("consent_shop", true, "path")).toEqual(["__Host-consent_shop"]);
  expect(cookieNames("consent_shop", true, "subdomain")).toEqual(["__Secure-consent_shop"]);
  expect(cookieNames("consent_shop", false, "subdomain")).toEqual(["consent_shop"]);
  expect(cookieNames("c", true)).toEqual(["__Host-c", "__Secure-c"]);
});

test("addresses of the service keep its path, and are http ones", () => {
  expect(webAddress("/sites/shop/x", "https://a.example/_cm")).toBe(
    "https://a.example/_cm/sites/shop/x",
  );
  expect(webAddress("//evil.example/x", "https://a.example")).toBe(
    "https://a.example/evil.example/x",
  );
  expect(webAddress("javascript:alert(1)", "https://a.example")).toBeUndefined();
  expect(webAddress("javascript:alert(1)")).toBeUndefined();
  expect(webAddress("https://tally.example/p")).toBe("https://tally.example/p");
  expect(webAddress(undefined)).toBeUndefined();
});
