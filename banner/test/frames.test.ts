import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Act } from "../src/answers";
import { watch } from "../src/lazy/frames";
import type { Shown } from "../src/view/layer";
import { type Given, keep, labels, leavePage, page, press, settle } from "./pages";
import { aNotice, aPurpose, aService, aToken, encode } from "./samples";

const notice = aNotice({
  services: [aService("tally", "analytics"), aService("reel", "marketing")],
  style: "--cm-accent:#1f6f54",
});
const warned = vi.spyOn(console, "warn");

const listened = vi.spyOn(document, "addEventListener");

beforeEach(() => {
  warned.mockReset().mockReturnValue();
});
afterEach(async () => {
  await leavePage();
  for (const [type, listener] of listened.mock.calls.splice(0))
    document.removeEventListener(type, listener as EventListener);
});

function anIframe(needs: Record<string, string>, style: Partial<CSSStyleDeclaration> = {}) {
  const iframe = document.createElement("iframe");
  Object.assign(iframe.dataset, { src: "about:blank#film", ...needs });
  Object.assign(iframe.style, style);
  document.body.append(iframe);
  return iframe;
}

async function watched(given: Given = {}) {
  const visit = await page({ notice, ...given });
  const { core } = visit;
  core.state = core.resolve(core.facts());
  core.gate.update();
  const acts: Act[] = [];
  vi.spyOn(core, "act").mockImplementation(async (act) => void acts.push(act));
  const open = vi.spyOn(core, "open").mockResolvedValue();
  watch(core);
  await settle();
  return { ...visit, acts, open };
}

const boxOf = (iframe: Element) => {
  const before = iframe.previousElementSibling;
  return before?.matches(".cm-frame") ? (before as HTMLElement) : null;
};
const shadowOf = (iframe: Element) => boxOf(iframe)?.shadowRoot as ShadowRoot;
const words = (iframe: Element) =>
  [...shadowOf(iframe).querySelectorAll("p")].map((one) => one.textContent);

function learn(core: Shown, purposes: Parameters<typeof aToken>[0]): void {
  keep("consent_state_shop", encode(aToken(purposes)));
  core.state = core.resolve(core.facts());
  core.gate.update();
  document.dispatchEvent(new Event("consent:change"));
}

describe("what stands in for an iframe", () => {
  test("names the service, and offers to load it once or always", async () => {
    const iframe = anIframe({ consent: "marketing", consentService: "reel" });
    const texts = { ...notice.texts, frame_text: "From {service}.", frame_always: "Let {service}" };
    await watched({ notice: { ...notice, texts } });
    const group = shadowOf(iframe).querySelector("[role=group]");
    expect(group?.getAttribute("aria-label")).toBe("Name of reel");
    expect(words(iframe)[0]).toBe("From Name of reel.");
    expect(labels(shadowOf(iframe))).toEqual(["frame_once", "Let Name of reel"]);
    expect(iframe.style.display).toBe("none");
  });
  test("links to the provider's policy, if that is a web address", async () => {
    const policy = async (policy_url: string) => {
      const services = [{ ...aService("reel", "marketing"), provider: { name: "R", policy_url } }];
      const iframe = anIframe({ consent: "marketing", consentService: "reel" });
      await watched({ notice: { ...notice, services } });
      const found = shadowOf(iframe).querySelector("a")?.getAttribute("href");
      await leavePage();
      return found;
    };
    expect(await policy("https://reel.example/p")).toBe("https://reel.example/p");
    expect(await policy("javascript:alert(1)")).toBeUndefined();
  });
  test("takes the room that the page's styles give the iframe", async () => {
    const given = { display: "block", width: "100%", maxWidth: "640px", aspectRatio: "16 / 9" };
    const iframe = anIframe({ consent: "analytics" }, given);
    await watched();
    expect(boxOf(iframe)?.style).toMatchObject(given);
  });
  test("is left out for what nobody sees", async () => {
    const tiny = anIframe({ consent: "analytics" }, { width: "1px", height: "1px" });
    const hidden = anIframe({ consent: "analytics" }, { display: "none" });
    await watched();
    expect([boxOf(tiny), boxOf(hidden)]).toEqual([null, null]);
  });
  test("has the site's colours and language", async () => {
    const iframe = anIframe({ consent: "analytics" });
    await watched();
    const [sheet] = shadowOf(iframe).adoptedStyleSheets;
    const rules = [...(sheet?.cssRules ?? [])].map((rule) => rule.cssText).join("");
    expect(rules).toContain("--cm-accent: #1f6f54");
    expect([boxOf(iframe)?.lang, boxOf(iframe)?.dir]).toEqual(["en", "ltr"]);
  });
  test("offers nothing where visitors decide nothing", async () => {
    const purposes = [aPurpose("ads", { choice: false })];
    const iframe = anIframe({ consent: "ads" });
    await watched({ notice: { ...notice, purposes } });
    expect([words(iframe), labels(shadowOf(iframe))]).toEqual([["Name of ads"], []]);
  });
  test("is told to be mended where the notice does not know what is named", async () => {
    const unknown = anIframe({ consent: "marketing", consentService: "nobody" });
    anIframe({ consent: "typo" });
    await watched();
    expect(warned.mock.calls.map(([text]) => text)).toEqual([
      expect.stringContaining('service "nobody"'),
      expect.stringContaining('purpose "typo"'),
    ]);
    expect(shadowOf(unknown).querySelector("[aria-label='Name of marketing']")).not.toBeNull();
  });
  test("does not come for what may load", async () => {
    const token = aToken({ analytics: ["granted", 3, 0] });
    const iframe = anIframe({ consent: "analytics" });
    await watched({ token });
    expect([boxOf(iframe), iframe.src]).toEqual([null, "about:blank#film"]);
  });
});

describe("loading once", () => {
  test("shows the same iframe, with the focus, and stores nothing", async () => {
    const iframe = anIframe({ consent: "marketing" }, { display: "block" });
    const { acts } = await watched();
    boxOf(iframe)?.setAttribute("tabindex", "-1");
    boxOf(iframe)?.focus();
    press("frame_once", shadowOf(iframe));
    expect([iframe.src, iframe.style.display, boxOf(iframe)]).toEqual([
      ...["about:blank#film", "block", null],
    ]);
    expect([document.activeElement, acts]).toEqual([iframe, []]);
  });
});

describe("loading always", () => {
  const act = async (needs: Record<string, string>, given: Given = {}) => {
    const iframe = anIframe(needs);
    const { acts } = await watched(given);
    press("frame_always", shadowOf(iframe));
    await settle();
    return { acts, iframe };
  };
  test("makes an exception for the service", async () => {
    const { acts, iframe } = await act({ consent: "marketing", consentService: "reel" });
    expect(acts).toEqual([{ action: "choose", services: { reel: true }, layer: 1 }]);
    expect(words(iframe).at(-1)).toBe("text of pending");
  });
  test("allows the purpose where no service is named", async () => {
    const { acts } = await act({ consent: "analytics" });
    expect(acts).toEqual([{ action: "choose", decisions: { analytics: true }, layer: 1 }]);
  });
  test("is left to the preferences where it takes a second act", async () => {
    for (const given of [{ gpc: true }, { notice: { ...notice, model: "opt-out" } }] as Given[]) {
      const iframe = anIframe({ consent: "marketing" });
      const { open } = await watched(given);
      expect(labels(shadowOf(iframe))).toEqual(["frame_once", "reopen"]);
      press("reopen", shadowOf(iframe));
      expect(open).toHaveBeenCalledOnce();
      await leavePage();
    }
  });
});

describe("what stands in follows", () => {
  test("what is allowed, and withdrawn", async () => {
    const iframe = anIframe({ consent: "analytics" });
    const { core } = await watched();
    learn(core, { analytics: ["granted", 3, 0] });
    expect([boxOf(iframe), iframe.style.display]).toEqual([null, ""]);
    learn(core, { analytics: ["denied", 3, 0] });
    expect(boxOf(iframe)).not.toBeNull();
  });
  test("iframes that are added, moved and removed", async () => {
    await watched();
    const iframe = anIframe({ consent: "analytics" });
    await settle();
    const box = boxOf(iframe);
    expect(box).not.toBeNull();
    document.body.prepend(iframe);
    await settle();
    expect(boxOf(iframe)).toBe(box);
    iframe.remove();
    await settle();
    expect([box?.isConnected, iframe.style.display]).toEqual([false, ""]);
  });
  test("pages that take it away", async () => {
    const iframe = anIframe({ consent: "analytics" });
    await watched();
    const box = boxOf(iframe);
    box?.remove();
    await settle();
    expect(boxOf(iframe)).toBe(box);
  });
});

test("where its words cannot be had, the page stays as it is", async () => {
  const iframe = anIframe({ consent: "analytics" });
  const { core } = await page({ notice: { ...notice, brief: true } });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
  watch(core);
  await settle();
  expect([boxOf(iframe), warned.mock.calls.length]).toEqual([null, 1]);
});
