import { afterEach, expect, test, vi } from "vitest";
import { labels, layer, leavePage, page, root, settle } from "./pages";
import { aNotice, aToken, encode } from "./samples";

afterEach(leavePage);

const token = aToken({ analytics: ["granted", 3, 0], marketing: ["granted", 3, 1] });

test("a script without a notice gets the one of the page's language", async () => {
  const { core, answers, requests } = await page({ notice: null });
  answers("/notice?lang=en", [200, aNotice()]);
  await core.start();
  await settle();
  expect(requests.map(({ path, options }) => [path, options.credentials])).toEqual([
    ["/notice?lang=en", "omit"],
  ]);
  expect(labels(layer())).toEqual(["accept", "reject", "choose"]);
});

test.each<[string, "lost" | [number, object?]]>([
  ["the line is cut", "lost"],
  ["the service fails", [503]],
  ["it is none", [200, {}]],
])(
  "where the notice cannot be had because %s, a first visit allows nothing, and the page goes on",
  async (_, answer) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { core, answers } = await page({ notice: null });
    answers("/notice?lang=en", answer);
    await core.start().catch(() => {});
    expect([core.allows("analytics"), core.values(), layer()]).toEqual([false, {}, null]);
    await core.open();
    expect(root()).toBeNull();
    warn.mockRestore();
  },
);

test("where the notice cannot be had, what is on record holds and can be withdrawn", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { core, answers, requests } = await page({ notice: null, token, credential: "C" });
  answers("/notice?lang=en", [503]);
  await core.start();
  expect([core.allows("analytics"), core.allows("marketing"), layer()]).toEqual([
    ...[true, false, null],
  ]);
  await core.open();
  expect(root()).toBeNull();
  const denied = aToken({ analytics: ["denied", 3, 0] }, { iat: token.iat + 1 });
  answers("/consents", [201, { state_token: encode(denied) }]);
  await core.act({ action: "withdraw" });
  expect(core.allows("analytics")).toBe(false);
  await settle();
  expect(requests.at(-1)?.body).toMatchObject({ action: "withdraw", notice: 3, credential: "C" });
  expect(requests.at(-1)?.options.credentials, "as where scripts keep it").toBe("omit");
  expect(core.queue.all()).toEqual([]);
  warn.mockRestore();
});
