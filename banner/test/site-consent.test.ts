import { afterEach, expect, test, vi } from "vitest";
import type { ConsentState, SiteConsent, StateValue } from "../site-consent";
import { openApi } from "../src/api";
import { keep, leavePage, page } from "./pages";
import { aToken, encode } from "./samples";

afterEach(leavePage);

const granted = aToken({ analytics: ["granted", 3, 0], marketing: ["granted", 3, 0] });

async function aPage() {
  const { core, answers } = await page();
  let begin = (): void => {};
  const started = new Promise<void>((go) => {
    begin = go;
  });
  const api = openApi(() => core, started);
  // What a page written in TypeScript sees, nothing more.
  const siteConsent: SiteConsent = api;
  return { core, answers, api, siteConsent, begin };
}

test("the state is there at once, and ready once the visit has begun", async () => {
  const { core, siteConsent, begin } = await aPage();
  const undecided: StateValue = "undecided";
  await core.start();
  expect(siteConsent.state.analytics).toBe(undecided);
  keep("consent_state_shop", encode(granted));
  core.update();
  begin();
  const state: ConsentState = await siteConsent.ready;
  expect(state.analytics).toBe("granted");
  expect([siteConsent.granted("analytics"), siteConsent.granted("unheard-of")]).toEqual([
    ...[true, false],
  ]);
});

test("an act waits for the visit to begin", async () => {
  const { core, answers, siteConsent, begin } = await aPage();
  answers("/consents", [201, { state_token: encode(granted), reference: "ABC" }]);
  let done = false;
  const accepted = siteConsent.accept().then(() => {
    done = true;
  });
  await Promise.resolve();
  expect([done, core.queue.all()]).toEqual([false, []]);
  await core.start();
  begin();
  await accepted;
  expect([siteConsent.granted("analytics"), siteConsent.reference]).toEqual([true, "ABC"]);
});

test("each member is what its type says", async () => {
  const { siteConsent } = await aPage();
  const functions = [
    ...(["granted", "onChange", "open", "accept", "reject", "choose"] as const),
    ...(["withdraw", "agree", "identify"] as const),
  ];
  expect(functions.map((name) => typeof siteConsent[name])).toEqual(
    functions.map(() => "function"),
  );
  expect(siteConsent.ready).toBeInstanceOf(Promise);
});

test("listeners hear of changes, and of nothing else, until they are taken away", async () => {
  const { core, api, siteConsent } = await aPage();
  const told: (StateValue | undefined)[] = [];
  const off: () => void = siteConsent.onChange((state) => void told.push(state.analytics));
  await core.start();
  api.announce("ready");
  api.announce("change");
  off();
  api.announce("change");
  expect(told).toEqual(["undecided"]);
});

test("the document hears every event, with the state", async () => {
  const { core, api } = await aPage();
  const heard: [string, StateValue | undefined][] = [];
  for (const name of ["consent:ready", "consent:change", "consent:open"] as const)
    document.addEventListener(
      name,
      ({ type, detail }) => void heard.push([type, detail.state.analytics]),
      { once: true },
    );
  await core.start();
  for (const event of ["ready", "change", "open"]) api.announce(event);
  expect(heard).toEqual([
    ["consent:ready", "undecided"],
    ["consent:change", "undecided"],
    ["consent:open", "undecided"],
  ]);
});

test("a listener that fails keeps nobody from being told, and nothing from being sent", async () => {
  const { core, requests } = await page();
  await core.start();
  const told = vi.fn();
  const { onChange, announce } = openApi(() => core, Promise.resolve());
  onChange(() => {
    throw new Error("the page's own");
  });
  onChange(told);
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  announce("change");
  expect([told.mock.calls.length, error.mock.calls.length, requests.length]).toEqual([1, 1, 0]);
  error.mockRestore();
});

test("an empty list takes nothing back", async () => {
  const { core } = await page();
  const act = vi.spyOn(core, "act");
  await openApi(() => core, Promise.resolve()).withdraw([]);
  expect(act).not.toHaveBeenCalled();
});
