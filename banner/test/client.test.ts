import { expect, test, vi } from "vitest";
import { openClient } from "../src/client";
import { openJar } from "../src/cookies";
import { aKept, aNotice } from "./samples";

const EMBED = { base: "https://cm.example/_cm", key: "shop", lang: "de" };
const KEPT = aKept("key-1", { analytics: true });

function talk(...replies: [number, object][]) {
  const sent: { url: string; options: RequestInit; body: Record<string, unknown> }[] = [];
  const send = vi.fn(async (url: string, options: RequestInit = {}) => {
    sent.push({ url, options, body: options.body ? JSON.parse(String(options.body)) : {} });
    const [status, data] = replies.shift() ?? [500, {}];
    return { status, json: async () => data };
  });
  const jar = openJar("shop", true);
  jar.setMode("external");
  return { sent, jar, client: openClient(EMBED, jar, send as unknown as typeof fetch) };
}

test("an answer goes out as plain text, kept alive, without cookies", async () => {
  const { client, sent } = talk([201, { state_token: "T" }]);
  expect(await client.record(KEPT, false)).toEqual({ kind: "stored", reply: { state_token: "T" } });
  expect(sent[0]?.url).toBe("https://cm.example/_cm/v1/sites/shop/consents");
  expect(sent[0]?.options).toMatchObject({
    method: "POST",
    keepalive: true,
    credentials: "omit",
    headers: { "Content-Type": "text/plain;charset=UTF-8" },
  });
  expect(sent[0]?.body).toEqual(KEPT.answer);
});

test("a late answer says when it was given and when it was sent", async () => {
  const { client, sent } = talk([201, {}]);
  await client.record(KEPT, true);
  expect(sent[0]?.body).toMatchObject({ ...KEPT.answer, occurred_at: KEPT.at });
  expect(sent[0]?.body.sent_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test.each([
  [500, {}, "later"],
  [503, {}, "later"],
  [429, {}, "later"],
  [409, { code: "notice_superseded" }, "superseded"],
  [422, { detail: "no" }, "refused"],
  [403, {}, "refused"],
])("%i %o means %s", async (status, data, kind) => {
  expect((await talk([status, data]).client.record(KEPT, false)).kind).toBe(kind);
});

test("a lost connection means later", async () => {
  const jar = openJar("shop", true);
  const client = openClient(EMBED, jar, () => Promise.reject(new TypeError("offline")));
  expect(await client.record(KEPT, false)).toEqual({ kind: "later" });
});

test("a refused credential is dropped and the same answer sent without it", async () => {
  const { client, jar, sent } = talk([401, { code: "credential_refused" }], [201, {}]);
  const cleared = vi.spyOn(jar, "clearCredential");
  vi.spyOn(jar, "credential").mockReturnValueOnce("OLD").mockReturnValue(undefined);
  expect((await client.record(KEPT, false)).kind).toBe("stored");
  expect(cleared).toHaveBeenCalledOnce();
  expect(sent.map(({ body }) => [body.key, body.credential])).toEqual([
    ["key-1", "OLD"],
    ["key-1", undefined],
  ]);
});

test("where the first attempt had arrived unnoticed, it is repeated as it was", async () => {
  const { client, sent } = talk([409, { code: "key_conflict" }], [201, {}]);
  expect((await client.record(KEPT, true)).kind).toBe("stored");
  expect(sent[1]?.body).toEqual(KEPT.answer);
});

test("the service's own cookies travel in path mode", async () => {
  const { client, jar, sent } = talk([201, {}], [200, {}]);
  jar.setMode("path");
  await client.record(KEPT, false);
  await client.notice();
  expect(sent.map(({ options }) => options.credentials)).toEqual(["include", "omit"]);
  expect(sent[1]?.url).toBe("https://cm.example/_cm/v1/sites/shop/notice?lang=de");
});

test("a visitor whom the service does not know is none, a failure is a failure", async () => {
  expect(await talk([401, {}]).client.me()).toBeUndefined();
  await expect(talk([503, {}]).client.me()).rejects.toThrow("503");
});

test("a showing is counted without saying whose, and its loss does not matter", async () => {
  const { client, sent, jar } = talk([500, {}]);
  jar.store("T", "C");
  client.shown(aNotice());
  expect(sent[0]?.url).toBe("https://cm.example/_cm/v1/sites/shop/impressions");
  expect(sent[0]?.options).toMatchObject({ method: "POST", keepalive: true, credentials: "omit" });
  expect(sent[0]?.body).toEqual({ notice: 3, variant: "ab" });
  const failing = openClient(EMBED, jar, () => Promise.reject(new TypeError("offline")));
  failing.shown(aNotice());
  await Promise.resolve();
});
