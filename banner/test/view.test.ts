import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Act } from "../src/answers";
import { resolve } from "../src/state";
import type { Notice } from "../src/types";
import { preferences } from "../src/view/centre";
import { firstLayer } from "../src/view/layer";
import { segments } from "../src/view/parts";
import { decisionsIn } from "../src/view/purposes";
import type { Scene } from "../src/view/scene";
import { contrast, themeRule } from "../src/view/theme";
import { aDocument, aKept, aNotice, aPurpose, aToken, NOW } from "./samples";

const BASE = "https://cm.example";
const acts: Act[] = [];
const actions = {
  act: (act: Act) => void acts.push(act),
  agree: vi.fn(),
  open: vi.fn(),
  later: vi.fn(),
  history: vi.fn(),
};

function scene(
  notice: Notice = aNotice(),
  more: Partial<Parameters<typeof resolve>[0]> = {},
): Scene {
  const state = resolve({ notice, kept: [], gpc: false, now: NOW, ...more });
  return {
    base: BASE,
    notice,
    state,
    optedOut: more.gpc ?? false,
    known: false,
    reference: undefined,
  };
}
const labels = (element: Element) =>
  [...element.querySelectorAll("button")].map((one) => one.textContent?.replace("text of ", ""));
const press = (element: Element, label: string) =>
  [...element.querySelectorAll("button")]
    .find((one) => one.textContent === `text of ${label}`)
    ?.click();

beforeEach(() => {
  acts.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.clearAllMocks();
});

describe("segments", () => {
  test("become text and safe links, whatever they hold", () => {
    const hostile = [
      { text: "<img src=x onerror=alert(1)>" },
      { text: "policy", document: "privacy-policy" },
      { text: "gone", document: "unknown" },
    ];
    const box = document.createElement("p");
    box.append(...segments(hostile, aNotice(), BASE));
    expect(box.querySelectorAll("*").length).toBe(1);
    expect(box.textContent).toBe("<img src=x onerror=alert(1)>policygone");
    const link = box.querySelector("a");
    expect(link?.getAttribute("href")).toBe(`${BASE}/sites/shop/documents/privacy-policy/2`);
    expect([link?.target, link?.rel]).toEqual(["_blank", "noopener"]);
  });
  test("are drawn without a sink for markup", () => {
    const sink = vi.spyOn(Element.prototype, "innerHTML", "set");
    firstLayer(scene(), "choice", actions);
    preferences(scene(), actions);
    expect(sink).not.toHaveBeenCalled();
  });
});

describe("the first layer", () => {
  test("offers refusal just as acceptance", () => {
    const layer = firstLayer(scene(), "choice", actions);
    expect(labels(layer)).toEqual(["accept", "reject", "choose"]);
    const [accept, reject] = layer.querySelectorAll("button");
    expect(accept?.className).toBe(reject?.className);
    expect(accept?.parentElement).toBe(reject?.parentElement);
    expect([layer.getAttribute("role"), layer.getAttribute("aria-label")]).toEqual([
      "region",
      "text of title",
    ]);
  });
  test("names the purposes asked for, who asks, and every document once", () => {
    const layer = firstLayer(scene(), "choice", actions);
    expect(layer.textContent).toContain("Name of analytics · Name of marketing");
    expect(layer.textContent).not.toContain("Name of necessary");
    expect(layer.textContent).toContain("text of controller: Linden & Oak");
    expect([...layer.querySelectorAll("a")].map((one) => one.textContent)).toEqual([
      "policy",
      "terms",
    ]);
  });
  test("acts as it says", () => {
    const layer = firstLayer(scene(), "choice", actions);
    for (const label of ["accept", "reject", "choose"]) press(layer, label);
    expect(acts).toEqual([
      { action: "accept", layer: 1 },
      { action: "reject", layer: 1 },
    ]);
    expect(actions.open).toHaveBeenCalledOnce();
  });
  test.each(["agree", "acknowledge"] as const)(
    "of a plain notice has one button, to %s",
    (accept) => {
      const documents = [aDocument("terms", { accept }), aDocument("privacy-policy")];
      const notice = aNotice({ model: "notice", purposes: [], documents });
      const layer = firstLayer(scene(notice), "documents", actions);
      expect(labels(layer)).toEqual(["accept"]);
      press(layer, "accept");
      expect(actions.agree).toHaveBeenLastCalledWith(1);
    },
  );
  test("of a plain notice that comes back for part leads to what can be withdrawn", () => {
    const documents = [aDocument("terms", { accept: "agree" }), aDocument("rules")];
    const notice = aNotice({ model: "notice", purposes: [], documents });
    const token = aToken({}, { documents: { rules: [2, 3] } });
    const layer = firstLayer(scene(notice, { token }), "documents", actions);
    expect(labels(layer)).toEqual(["accept", "reopen", "later"]);
  });
  test("of documents alone lists them", () => {
    const notice = aNotice({
      documents: [aDocument("rules", { accept: "acknowledge" }), aDocument("terms")],
    });
    const layer = firstLayer(scene(notice), "documents", actions);
    expect([...layer.querySelectorAll("a")].map((one) => one.textContent)).toEqual([
      "rules",
      "terms",
    ]);
    expect(layer.textContent).not.toContain("Name of");
    expect(layer.getAttribute("aria-label")).toBe("text of documents");
  });
  test.each([
    ["acknowledge", "acknowledge"],
    ["agree", "agree"],
  ] as const)("of documents to %s has a button that says so", (accept, label) => {
    const documents = [
      aDocument("terms", { accept }),
      aDocument("rules", { accept: "acknowledge" }),
    ];
    const layer = firstLayer(scene(aNotice({ documents })), "documents", actions);
    expect(labels(layer)).toEqual([label, "reopen", "later"]);
  });
  test("of documents says what is asked about each", () => {
    const documents = [
      aDocument("rules", { accept: "acknowledge" }),
      aDocument("terms", { accept: "agree" }),
    ];
    const layer = firstLayer(scene(aNotice({ documents })), "documents", actions);
    const words = [...layer.querySelectorAll("p:not(.quiet), li")].map((one) => one.textContent);
    expect(words).toEqual(["text of agree_intro", "terms", "text of acknowledge_intro", "rules"]);
  });
  test("of documents can be put off, and leads to the preferences", () => {
    const documents = [aDocument("terms", { accept: "agree" })];
    const layer = firstLayer(scene(aNotice({ documents })), "documents", actions);
    press(layer, "later");
    expect(actions.later).toHaveBeenCalledOnce();
    expect(actions.open).not.toHaveBeenCalled();
    press(layer, "reopen");
    expect(actions.open).toHaveBeenCalledOnce();
    expect([acts, actions.agree.mock.calls]).toEqual([[], []]);
  });
  test("speaks about what is new only, where the rest is decided", () => {
    const token = aToken({ analytics: ["granted", 3, 0] });
    const notice = aNotice();
    for (const one of notice.purposes) one.recipients = [`Partner of ${one.key}`];
    const layer = firstLayer(scene(notice, { token }), "choice", actions);
    const [again, who] = layer.querySelectorAll("p");
    expect(again?.textContent).toBe("text of asked_again");
    expect(layer.querySelector("ul")?.textContent).toBe(
      "Name of marketing: About marketing text of recipients: Partner of marketing",
    );
    expect(who?.textContent).toBe("text of controller: Linden & Oak · privacy-policy · terms");
    expect(layer.textContent).not.toContain("analytics");
    expect(layer.textContent).not.toContain("Read the ");
    expect(labels(layer)).toEqual(["accept", "reject", "choose"]);
    expect(labels(preferences(scene(notice, { token }), actions))).toContain("withdraw");
    for (const label of ["accept", "reject"]) press(layer, label);
    expect(acts).toEqual([
      { action: "choose", decisions: { marketing: true }, layer: 1 },
      { action: "choose", decisions: { marketing: false }, layer: 1 },
    ]);
    expect(firstLayer(scene(), "choice", actions).textContent).not.toContain("asked_again");
  });
  test("never accepts for part what a signal stands against", () => {
    const token = aToken({ analytics: ["granted", 3, 0] });
    press(firstLayer(scene(aNotice(), { token, gpc: true }), "choice", actions), "accept");
    expect(acts).toEqual([{ action: "choose", decisions: { marketing: false }, layer: 1 }]);
  });
  test("links to what changed in a document", () => {
    const documents = [aDocument("terms", { accept: "agree", asked_since: 3 })];
    const token = aToken({ analytics: ["granted", 3, 0] }, { documents: { terms: [1, 1] } });
    for (const question of ["documents", "choice"] as const) {
      const layer = firstLayer(scene(aNotice({ documents }), { token }), question, actions);
      const link = [...layer.querySelectorAll("a")].at(-1);
      expect(link?.textContent).toBe("text of what_changed: terms");
      const page = `${BASE}/sites/shop/documents/terms/diff?from=1&to=2&lang=en`;
      expect(link?.getAttribute("href")).toBe(page);
    }
  });
  test("refuses when it is closed, where closing means that", () => {
    const close = (notice: Notice) =>
      firstLayer(scene(notice), "choice", actions).querySelector<HTMLButtonElement>(".close");
    expect(close(aNotice())).toBeNull();
    const cross = close(aNotice({ close_refuses: true }));
    expect(cross?.getAttribute("aria-label")).toBe("text of close_refuses");
    cross?.click();
    expect(acts).toEqual([{ action: "reject", layer: 1 }]);
  });
  test("shows that an opt-out signal is honoured, when one is", () => {
    const shown = (gpc: boolean) =>
      firstLayer(scene(aNotice(), { gpc }), "choice", actions).textContent;
    expect(shown(true)).toContain("text of opt_out_honoured");
    expect(shown(false)).not.toContain("text of opt_out_honoured");
  });
});

describe("the preferences", () => {
  const switches = (element: Element) =>
    Object.fromEntries(
      [...element.querySelectorAll("input")].map((one) => [one.name, [one.checked, one.disabled]]),
    );

  test("tick nothing before a choice, and lock what leaves none", () => {
    expect(switches(preferences(scene(), actions))).toEqual({
      necessary: [true, true],
      analytics: [false, false],
      marketing: [false, false],
    });
  });
  test("show grants, pending ones too", () => {
    const token = aToken({ analytics: ["granted", 3, 0] });
    const kept = [aKept("k", { marketing: true })];
    const shown = switches(preferences(scene(aNotice(), { token, kept }), actions));
    expect([shown.analytics, shown.marketing]).toEqual([
      [true, false],
      [true, false],
    ]);
  });
  test("show the way things are under opt-out", () => {
    const purposes = [aPurpose("analytics", { before_choice: "allowed" })];
    const notice = aNotice({ model: "opt-out", purposes });
    expect(switches(preferences(scene(notice), actions)).analytics).toEqual([true, false]);
  });
  test("save every choice explicitly", () => {
    const dialog = preferences(scene(), actions);
    const analytics = dialog.querySelector<HTMLInputElement>("input[name=analytics]");
    if (analytics) analytics.checked = true;
    expect(decisionsIn(dialog, aNotice())).toEqual({ analytics: true, marketing: false });
    press(dialog, "save");
    expect(acts).toEqual([
      { action: "choose", decisions: { analytics: true, marketing: false }, layer: 2 },
    ]);
  });
  test("weigh accepting and refusing alike", () => {
    const [accept, reject] = preferences(scene(), actions).querySelectorAll(".foot button");
    expect(accept?.className).toBe(reject?.className);
  });
  test("offer withdrawal only where there is something to withdraw", () => {
    expect(labels(preferences(scene(), actions))).not.toContain("withdraw");
    const token = aToken({ analytics: ["granted", 3, 0] });
    const dialog = preferences(scene(aNotice(), { token }), actions);
    press(dialog, "withdraw");
    expect(acts).toEqual([{ action: "withdraw", layer: 2 }]);
  });
  test("ask once more before a sale is allowed against the signal", () => {
    const dialog = preferences(scene(aNotice(), { gpc: true }), actions);
    document.body.append(dialog);
    const sale = dialog.querySelector<HTMLInputElement>("input[name=marketing]");
    const saved = () => {
      press(dialog, "save");
      const act = acts.pop();
      return act?.decisions?.marketing;
    };
    sale?.click();
    expect([
      dialog.querySelector(".confirm")?.textContent?.includes("override_question"),
      saved(),
    ]).toEqual([true, false]);
    press(dialog, "override_cancel");
    expect([dialog.querySelector(".confirm"), saved()]).toEqual([null, false]);
    sale?.click();
    press(dialog, "override_confirm");
    expect([dialog.querySelector(".confirm"), saved()]).toEqual([null, true]);
    sale?.click();
    expect([dialog.querySelector(".confirm"), saved()]).toEqual([null, false]);
  });
  test("keep what was allowed against the signal when everything is accepted", () => {
    const token = aToken({ marketing: ["granted", 3, 0, 1] });
    press(preferences(scene(aNotice(), { token, gpc: true }), actions), "accept");
    press(preferences(scene(aNotice(), { token }), actions), "accept");
    const decisions = { analytics: true, marketing: true };
    expect(acts).toEqual([
      { action: "choose", decisions, layer: 2 },
      { action: "accept", layer: 2 },
    ]);
  });
  test("of children's sites offer no choice", () => {
    const purposes = [
      aPurpose("necessary", { choice: false, before_choice: "allowed" }),
      aPurpose("analytics", { choice: false }),
    ];
    const dialog = preferences(scene(aNotice({ purposes })), actions);
    expect(labels(dialog)).toEqual([""]);
    expect(switches(dialog)).toEqual({ necessary: [true, true], analytics: [false, true] });
  });
  test("store nothing when they are closed", () => {
    const dialog = preferences(scene(), actions);
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector<HTMLButtonElement>(".close")?.click();
    expect([dialog.open, acts]).toEqual([false, []]);
  });
  test("name services, providers and cookies, and link to no script", () => {
    const notice = aNotice();
    const provider = { name: "Tally SAS", country: "FR", policy_url: "javascript:alert(1)" };
    notice.services = notice.services.map((service) => ({ ...service, provider }));
    const dialog = preferences(scene(notice), actions);
    expect(dialog.querySelector("details")?.textContent).toContain("Tally SAS, France");
    expect(dialog.querySelectorAll("tbody tr").length).toBe(2);
    expect([...dialog.querySelectorAll("a")].every((link) => /^https:/.test(link.href))).toBe(true);
  });
  test("of a plain notice show what was acknowledged", () => {
    const documents = [aDocument("terms", { accept: "acknowledge" })];
    const notice = aNotice({ model: "notice", purposes: [], documents });
    const agreed = scene(notice, { token: aToken({}, { documents: { terms: [2, 3] } }) });
    const dialog = preferences(agreed, actions);
    expect(dialog.querySelector(".documents")?.textContent).toContain("✓ 2");
    expect(labels(dialog)).toContain("withdraw");
    expect(labels(dialog)).not.toContain("accept");
  });
});

describe("the theme", () => {
  test("takes plain colours and lengths", () => {
    const rule = themeRule({ accent: "#1f6f54", on_accent: "#fff", radius: "10px" });
    expect(rule).toBe(":host{--cm-accent:#1f6f54;--cm-on-accent:#fff;--cm-radius:10px}");
  });
  test.each([
    { accent: "red;}*{display:none" },
    { accent: "#12345" },
    { accent: "url(https://x.example)" },
    { radius: "10px}" },
    { radius: "100vh" },
    { radius: "-1px" },
    { unknown: "#ffffff" },
    { on_accent: "#ffffff" },
  ])("takes nothing else: %o", (theme) => {
    expect(themeRule(theme as unknown as Record<string, string>)).toBe("");
  });
  test("keeps buttons readable", () => {
    expect(themeRule({ accent: "#f5c542", on_accent: "#ffffff" })).toContain(
      "--cm-on-accent:#000000",
    );
    expect(themeRule({ accent: "#123456" })).toContain("--cm-on-accent:#ffffff");
    expect(contrast("#000", "#ffffff")).toBeCloseTo(21);
  });
});
