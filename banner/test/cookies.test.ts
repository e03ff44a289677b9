import { afterEach, describe, expect, test, vi } from "vitest";
import { openJar, readCookies } from "../src/cookies";
import { cookiePatterns, domainsOf, pathsOf, sweep } from "../src/sweep";
import { aNotice } from "./samples";

function recordWrites(current = ""): string[] {
  const written: string[] = [];
  vi.spyOn(document, "cookie", "set").mockImplementation((text) => void written.push(text));
  vi.spyOn(document, "cookie", "get").mockReturnValue(current);
  return written;
}
afterEach(() => vi.restoreAllMocks());

test("a cookie is found by its whole name", () => {
  expect(readCookies("a", "ba=1; a=2; ab=3; a=x=y")).toEqual(["2", "x=y"]);
});

describe("the jar", () => {
  test("keeps both values on https with the prefix and every guard", () => {
    const written = recordWrites();
    const jar = openJar("shop", true);
    jar.setMode("external");
    jar.store("TOKEN", "SECRET");
    expect(written).toEqual([
      "__Host-consent_state_shop=TOKEN; Path=/; Secure; SameSite=Lax; Max-Age=34128000",
      "__Host-consent_shop=SECRET; Path=/; Secure; SameSite=Lax; Max-Age=34128000",
    ]);
  });
  test("drops prefix and Secure on loopback", () => {
    const written = recordWrites();
    const jar = openJar("shop", false);
    jar.setMode("external");
    jar.store("TOKEN");
    expect(written).toEqual(["consent_state_shop=TOKEN; Path=/; SameSite=Lax; Max-Age=34128000"]);
  });
  test("leaves writing to the service in the other modes", () => {
    const written = recordWrites("__Host-consent_state_shop=T; __Secure-consent_state_shop=U");
    const jar = openJar("shop", true);
    jar.setMode("subdomain", "shop.example");
    jar.store("TOKEN", "SECRET");
    jar.renew();
    expect([jar.tokens(), written]).toEqual([["U"], []]);
  });
  test("renews what is there, writes nothing where nothing is", () => {
    const none = recordWrites();
    const jar = openJar("shop", true);
    jar.setMode("external");
    jar.renew();
    jar.clear();
    expect(none).toEqual([]);
    vi.restoreAllMocks();
    const written = recordWrites("__Host-consent_shop=C; __Host-consent_state_shop=T");
    jar.renew();
    expect(written.map((text) => text.split(";")[0])).toEqual([
      "__Host-consent_state_shop=T",
      "__Host-consent_shop=C",
    ]);
  });
});

test("clearing reaches the cookie that the service set for all subdomains", () => {
  const written = recordWrites("__Secure-consent_state_shop=T");
  const jar = openJar("shop", true);
  jar.setMode("subdomain", "shop.example");
  jar.clear();
  expect(written).toEqual([
    "__Secure-consent_state_shop=; Path=/; Domain=shop.example; Secure; SameSite=Lax; Max-Age=0",
  ]);
});

describe("the sweep", () => {
  test("knows the cookies of a purpose's services", () => {
    expect(cookiePatterns(aNotice(), ["analytics"])).toEqual(["_tally", "_ty*"]);
    expect(cookiePatterns(aNotice(), ["marketing"])).toEqual([]);
  });
  test("knows every domain and path a cookie may be set for", () => {
    expect(domainsOf("a.shop.example")).toEqual(["a.shop.example", "shop.example", "example"]);
    expect([domainsOf("127.0.0.1"), domainsOf("[::1]")]).toEqual([[], []]);
    expect(pathsOf("/a/b")).toEqual(["/", "/a", "/a/", "/a/b", "/a/b/"]);
  });
  test("deletes what is named, by pattern too, and nothing else", () => {
    const present = "_tally=1; _ty9=1; _tx=1; keep=1; consent_shop=1";
    const written = recordWrites();
    sweep(aNotice(), ["analytics"], present);
    expect(new Set(written.map((text) => text.split("=")[0]))).toEqual(new Set(["_tally", "_ty9"]));
    expect(written.every((text) => text.includes("=; Max-Age=0; Path=/"))).toBe(true);
  });
  test("never touches the banner's own cookies", () => {
    const written = recordWrites();
    const notice = aNotice();
    if (notice.services[0]) notice.services[0].cookies = [{ name: "*" }];
    sweep(notice, ["analytics"], "consent_shop=1; __Host-consent_state_shop=1; other=1");
    expect(new Set(written.map((text) => text.split("=")[0]))).toEqual(new Set(["other"]));
  });
  test("writes nothing where there is nothing to delete", () => {
    const written = recordWrites();
    sweep(aNotice(), ["analytics"], "keep=1");
    sweep(aNotice(), [], "_tally=1");
    expect(written).toEqual([]);
  });
});
