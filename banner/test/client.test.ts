import { afterEach, expect, test, vi } from "vitest";
import { openClient } from "../src/client";
import { openJar } from "../src/cookies";

const EMBED = { base: "https://cm.example/_cm", key: "shop", lang: "de" };

afterEach(() => vi.unstubAllGlobals());

function talk(answer: () => Promise<unknown>) {
  const send = vi.fn(answer);
  vi.stubGlobal("fetch", send);
  const jar = openJar(EMBED, true);
  const sent = () => send.mock.lastCall as unknown as [string, RequestInit];
  return { jar, client: openClient(EMBED, jar), sent };
}
const replies = (status: number, text: string) => async () => new Response(text, { status });

test("an answer goes out as plain text, kept alive, and comes back with its status", async () => {
  const { client, sent } = talk(replies(201, '{"state_token":"T"}'));
  const body = { action: "accept", notice: 3 };
  expect(await client.post("/consents", body)).toEqual({ status: 201, data: { state_token: "T" } });
  const [url, options] = sent();
  expect(url).toBe("https://cm.example/_cm/v1/sites/shop/consents");
  expect(options).toMatchObject({ method: "POST", keepalive: true });
  expect(options.headers, "a label would make the browser ask first").toBeUndefined();
  expect(JSON.parse(String(options.body))).toEqual(body);
});

test("an answer that is no JSON still has its status", async () => {
  const { client } = talk(replies(502, "<h1>Bad gateway"));
  expect(await client.call("/notice")).toEqual({ status: 502, data: {} });
});

test("a lost connection is a failure", async () => {
  const { client } = talk(() => Promise.reject(new TypeError("offline")));
  await expect(client.call("/notice")).rejects.toThrow("offline");
});

test("no request waits for ever", async () => {
  vi.useFakeTimers();
  const { client } = talk(() => new Promise(() => {}));
  const waiting = expect(client.call("/notice")).rejects.toBe("too slow");
  await vi.advanceTimersByTimeAsync(15000);
  await waiting;
  vi.useRealTimers();
});

test("no request tells the page's address", async () => {
  const { client, sent } = talk(replies(200, "{}"));
  await client.call("/notice");
  expect(sent()[1].referrerPolicy).toBe("strict-origin");
});

test.each([
  [undefined, "include"],
  ["external", "omit"],
  ["path", "include"],
  ["subdomain", "include"],
] as const)("in the mode %s cookies are: %s", async (mode, credentials) => {
  const { client, jar, sent } = talk(replies(200, "{}"));
  if (mode) jar.setMode({ mode });
  await client.post("/consents", {});
  expect(sent()[1].credentials).toBe(credentials);
  await client.post("/impressions", {}, { credentials: "omit" });
  expect(sent()[1].credentials).toBe("omit");
});
