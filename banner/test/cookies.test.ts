import { afterEach, describe, expect, test, vi } from "vitest";
import { openJar } from "../src/cookies";
import type { Mode } from "../src/types";

const EMBED = { base: "https://cm.example", key: "shop", lang: "en" };

function recordWrites(current = ""): string[] {
  const written: string[] = [];
  vi.spyOn(document, "cookie", "set").mockImplementation((text) => void written.push(text));
  vi.spyOn(document, "cookie", "get").mockReturnValue(current);
  return written;
}
function aJar(mode?: Mode, secure = true, cookie_domain?: string) {
  const jar = openJar(EMBED, secure);
  if (mode) jar.setMode({ mode, ...(cookie_domain && { cookie_domain }) });
  return jar;
}
afterEach(() => vi.restoreAllMocks());

test("a cookie is found by its whole name", () => {
  recordWrites("xconsent_state_shop=0; consent_state_shop=1=2; consent_state_shops=3");
  expect(aJar("path", false).tokens()).toEqual(["1=2"]);
});

test.each([
  ["external", true, "__Host-"],
  ["path", true, "__Host-"],
  ["subdomain", true, "__Secure-"],
  ["subdomain", false, ""],
] as const)("in the mode %s (https: %s) names begin with %j", (mode, secure, prefix) => {
  const names = ["", "__Host-", "__Secure-"];
  recordWrites(names.map((one) => `${one}consent_shop=${one || "plain"}`).join("; "));
  expect(aJar(mode, secure).credential()).toBe(prefix || "plain");
});

test("until the mode is known every name counts", () => {
  recordWrites("__Host-consent_state_shop=H; __Secure-consent_state_shop=S; consent_state_shop=P");
  expect(aJar().tokens()).toEqual(["H", "S"]);
});

describe("the jar", () => {
  test("keeps both values on https with the prefix and every guard", () => {
    const written = recordWrites();
    aJar("external").store("TOKEN", "SECRET");
    expect(written).toEqual([
      "__Host-consent_state_shop=TOKEN; Path=/; Secure; SameSite=Lax; Max-Age=34128000",
      "__Host-consent_shop=SECRET; Path=/; Secure; SameSite=Lax; Max-Age=34128000",
    ]);
  });
  test("drops prefix and Secure on loopback", () => {
    const written = recordWrites();
    aJar("external", false).store("TOKEN");
    expect(written).toEqual(["consent_state_shop=TOKEN; Path=/; SameSite=Lax; Max-Age=34128000"]);
  });
  test.each(["path", "subdomain", undefined] as const)(
    "leaves writing to the service in the mode %s",
    (mode) => {
      const written = recordWrites();
      aJar(mode).store("TOKEN", "SECRET");
      expect(written).toEqual([]);
    },
  );
  test("writes nothing where nothing is given", () => {
    const written = recordWrites();
    const jar = aJar("external");
    jar.store(jar.tokens()[0], jar.credential());
    expect(written).toEqual([]);
  });
  test("forgets a credential and leaves the token", () => {
    const written = recordWrites();
    aJar("external", false).put(undefined, "");
    expect(written).toEqual(["consent_shop=; Path=/; SameSite=Lax; Max-Age=0"]);
  });
});

test("forgetting reaches the cookie that the service set for all subdomains", () => {
  const written = recordWrites();
  aJar("subdomain", true, "shop.example").put("");
  expect(written).toEqual([
    "__Secure-consent_state_shop=; Path=/; Domain=shop.example; Secure; SameSite=Lax; Max-Age=0",
  ]);
});
