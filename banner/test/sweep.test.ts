import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { domainsOf, pathsOf, sweep } from "../src/sweep";
import type { Service } from "../src/types";
import { aService } from "./samples";

const named = (...names: string[]): Service[] => [
  { ...aService("tally", "analytics"), cookies: names.map((name) => ({ name })) },
];
const storing = (...storage: string[]): Service[] => [
  { ...aService("tally", "analytics"), storage },
];

/** Sweeps while these cookies are there; returns what was written. */
function expired(services: Service[], present: string): string[] {
  const written: string[] = [];
  vi.spyOn(document, "cookie", "set").mockImplementation((text) => void written.push(text));
  vi.spyOn(document, "cookie", "get").mockReturnValue(present);
  sweep(services);
  return written;
}
const names = (written: string[]) => [...new Set(written.map((text) => text.split("=")[0]))];

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("of cookies", () => {
  test("what is named goes, by pattern too, and nothing else", () => {
    const written = expired(named("_tally", "_ty*"), "_tally=1; _ty9=1; _ty=1; _tx=1; a_tally=1");
    expect(names(written)).toEqual(["_tally", "_ty9", "_ty"]);
    expect(written.every((text) => text.includes("=; Max-Age=0; Path="))).toBe(true);
  });
  test("a star elsewhere is a letter like any other", () => {
    expect(names(expired(named("a*b"), "axb=1; a*b=1"))).toEqual(["a*b"]);
  });
  test("the banner's own stay, whatever is named", () => {
    const own = "consent_shop=1; __Host-consent_state_shop=1; __Secure-consent_shop=1";
    expect(names(expired(named("*"), `${own}; other=1`))).toEqual(["other"]);
  });
  test("nothing is written where nothing is to go", () => {
    expect(expired(named("_tally"), "keep=1")).toEqual([]);
    expect(expired([], "_tally=1")).toEqual([]);
    expect(expired([aService("bare", "analytics")], "_tally=1")).toEqual([]);
  });
  test("every domain and path is tried that one may be set for", () => {
    expect(domainsOf("a.shop.example")).toEqual(["a.shop.example", "shop.example", "example"]);
    expect(pathsOf("/a/b")).toEqual(["", "/", "/a", "/a/", "/a/b", "/a/b/"]);
    const written = expired(named("_tally"), "_tally=1");
    expect(written.some((text) => text.includes(`Domain=${location.hostname}`))).toBe(true);
    expect(written.some((text) => !text.includes("Domain="))).toBe(true);
  });
});

describe.each(["localStorage", "sessionStorage"] as const)("of %s", (place) => {
  test("keys go that are named, by pattern too, and no others", () => {
    for (const key of ["tally", "tally_a", "other", "consent_queue_shop"]) window[place][key] = "1";
    sweep(storing("tally", "tally_*"));
    expect(Object.keys(window[place])).toEqual(["other", "consent_queue_shop"]);
  });
  test("the banner's own keys stay, whatever is named", () => {
    window[place].consent_asked_shop = "1";
    window[place].mine = "1";
    sweep(storing("*"));
    expect(Object.keys(window[place])).toEqual(["consent_asked_shop"]);
  });
});

test("storage that is refused stops nothing", () => {
  sessionStorage.tally = "1";
  vi.stubGlobal("localStorage", undefined);
  sweep(storing("tally"));
  expect(Object.keys(sessionStorage)).toEqual([]);
});
