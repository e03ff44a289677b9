import { afterEach, describe, expect, test, vi } from "vitest";
import type { Act } from "../src/answers";
import { open } from "../src/lazy/centre";
import type { Shown } from "../src/view/layer";
import { type Given, keep, labels, leavePage, page, press, root, settle } from "./pages";
import { aDocument, aKept, aNotice, aPurpose, aService, aToken, encode } from "./samples";

afterEach(async () => {
  vi.restoreAllMocks();
  await leavePage();
});

const dialogOf = (core: Shown) => core.getStage().shadow.querySelector("dialog.centre");

/** The preferences on a page, and what was done in them. */
async function preferences(given: Given = {}) {
  const visit = await page(given);
  const { core } = visit;
  core.state = core.resolve(core.facts());
  const acts: Act[] = [];
  vi.spyOn(core, "act").mockImplementation(async (act) => void acts.push(act));
  const agree = vi.spyOn(core, "agree").mockResolvedValue();
  open(core);
  const dialog = dialogOf(core) as HTMLDialogElement;
  const input = (name: string) =>
    dialog.querySelector<HTMLInputElement>(`input[name="${name}"]`) as HTMLInputElement;
  return { ...visit, acts, agree, dialog, input };
}

const switches = (within: Element) =>
  Object.fromEntries(
    [...within.querySelectorAll("input")].map((one) => [one.name, [one.checked, one.disabled]]),
  );
const granted = aToken({ analytics: ["granted", 3, 0] });
const sale = aPurpose("marketing", { sale_or_sharing: true, before_choice: "allowed" });
const us = () => aNotice({ model: "opt-out", purposes: [aPurpose("analytics"), sale] });
const optedOut = aToken({ analytics: ["denied", 3, 0], marketing: ["denied", 3, 0] });

describe("the switches", () => {
  test("are off before a choice, and locked where there is none", async () => {
    const { dialog } = await preferences();
    expect(switches(dialog)).toEqual({
      necessary: [true, true],
      analytics: [false, false],
      "service tally": [false, false],
      marketing: [false, false],
    });
  });
  test("show grants, pending ones too", async () => {
    const kept = [aKept("k", { marketing: true })];
    const { dialog } = await preferences({ token: granted, kept });
    expect(switches(dialog)).toMatchObject({ analytics: [true, false], marketing: [true, false] });
    expect(dialog.textContent).toContain("text of pending");
  });
  test("show what runs unasked as it runs", async () => {
    const { input } = await preferences({ notice: us() });
    expect(input("marketing").checked).toBe(true);
  });
  test("of a children's site are all locked, and nothing is saved", async () => {
    const purposes = [aPurpose("necessary", { choice: false }), aPurpose("ads", { choice: false })];
    const { dialog } = await preferences({ notice: aNotice({ purposes }) });
    expect(switches(dialog)).toEqual({ necessary: [false, true], ads: [false, true] });
    expect(labels(dialog)).toEqual([""]);
  });
  test("save every choice explicitly, and no service that follows its purpose", async () => {
    const { dialog, acts, input } = await preferences();
    input("analytics").click();
    press("save", dialog);
    expect(acts).toEqual([
      { action: "choose", decisions: { analytics: true, marketing: false }, layer: 2 },
    ]);
  });
});

describe("a service's own switch", () => {
  const services = [aService("tally", "analytics"), aService("rank", "analytics")];
  const notice = aNotice({ services });
  const saved = async (given: Given, ...names: string[]) => {
    const { dialog, acts, input } = await preferences({ notice, ...given });
    for (const name of names) input(name).click();
    press("save", dialog);
    return acts.map(({ decisions, services }) => [decisions?.analytics, services]);
  };

  test("goes with its purpose until it is set apart", async () => {
    const { input } = await preferences({ notice });
    const state = () => ["service tally", "service rank"].map((name) => input(name).checked);
    input("analytics").click();
    expect(state()).toEqual([true, true]);
    input("service rank").click();
    expect(state()).toEqual([true, false]);
    input("analytics").click();
    expect(state()).toEqual([false, false]);
    input("analytics").click();
    expect(state()).toEqual([true, false]);
  });
  test("is saved where it differs from its purpose", async () => {
    expect(await saved({}, "analytics", "service rank")).toEqual([[true, { rank: false }]]);
    expect(await saved({}, "service rank")).toEqual([[false, { rank: true }]]);
  });
  test("shows an exception, keeps it, and ends it", async () => {
    const token = aToken(
      { analytics: ["granted", 3, 0] },
      { services: { rank: ["denied", 3, 0] } },
    );
    const { input } = await preferences({ notice, token });
    expect([input("service tally").checked, input("service rank").checked]).toEqual([true, false]);
    expect(await saved({ token })).toEqual([[true, { rank: false }]]);
    expect(await saved({ token }, "service rank")).toEqual([[true, { rank: true }]]);
    expect(await saved({ token }, "analytics")).toEqual([[false, undefined]]);
  });
  test("stays off where it was refused, also when its purpose is switched on", async () => {
    const token = aToken({}, { services: { rank: ["denied", 3, 0] } });
    expect(await saved({ token }, "analytics")).toEqual([[true, { rank: false }]]);
  });
  test("shows what is kept and not sent yet", async () => {
    const kept = [aKept("k", {}, { services: { rank: true } })];
    const { input } = await preferences({ notice, kept });
    expect(input("service rank").checked).toBe(true);
  });
  test("waits for its purpose where a signal stands against that", async () => {
    const notice = aNotice({ services: [aService("adverra", "marketing")] });
    const { input, dialog } = await preferences({ notice, gpc: true });
    expect(input("service adverra").disabled).toBe(true);
    input("marketing").click();
    press("override_confirm", dialog);
    expect([input("service adverra").disabled, input("service adverra").checked]).toEqual([
      ...[false, true],
    ]);
  });
});

describe("a second act", () => {
  test("is asked for before a sale is allowed against the signal", async () => {
    const { dialog, input, acts } = await preferences({ gpc: true });
    const asks = () => dialog.querySelector(".confirm")?.textContent;
    input("marketing").click();
    expect([asks()?.includes("override_question"), input("marketing").checked]).toEqual([
      ...[true, false],
    ]);
    press("override_cancel", dialog);
    expect([asks(), input("marketing").checked]).toEqual([undefined, false]);
    input("marketing").click();
    press("override_confirm", dialog);
    expect([asks(), input("marketing").checked]).toEqual([undefined, true]);
    press("save", dialog);
    expect(acts[0]?.decisions).toEqual({ analytics: false, marketing: true });
  });
  test("is asked for before a sale is allowed again after an opt-out", async () => {
    const { dialog, input } = await preferences({ notice: us(), token: optedOut });
    input("analytics").click();
    expect(dialog.querySelector(".confirm")).toBeNull();
    input("marketing").click();
    expect(dialog.querySelector(".confirm")?.textContent).toContain("opt_in_question");
    press("override_confirm", dialog);
    expect(input("marketing").checked).toBe(true);
  });
  test("is asked for when a service is taken out of an opt-out", async () => {
    const notice = { ...us(), services: [aService("adverra", "marketing")] };
    const { dialog, input } = await preferences({ notice, token: optedOut });
    input("service adverra").click();
    expect(input("service adverra").checked).toBe(false);
    press("override_confirm", dialog);
    expect(input("service adverra").checked).toBe(true);
  });
  test("is asked for by accepting all; what is left off is refused, closing decides nothing", async () => {
    const { dialog, acts } = await preferences({ notice: us(), token: optedOut });
    press("accept", dialog);
    dialog.querySelector(".confirm")?.dispatchEvent(new Event("cancel"));
    expect([dialog.querySelector(".confirm"), acts]).toEqual([null, []]);
    press("accept", dialog);
    press("override_cancel", dialog);
    const again = await preferences({ notice: us(), token: optedOut });
    press("accept", again.dialog);
    press("override_confirm", again.dialog);
    const decisions = { analytics: true, marketing: false };
    expect([...acts, ...again.acts]).toEqual([
      { action: "choose", decisions, layer: 2 },
      { action: "accept", layer: 2 },
    ]);
  });
  test("is not undone when everything is accepted", async () => {
    const token = aToken({ marketing: ["granted", 3, 0, 1] });
    for (const [gpc, known, act] of [
      [true, token, { action: "choose", decisions: { analytics: true, marketing: true } }],
      [true, granted, { action: "accept" }],
      [false, token, { action: "accept" }],
    ] as const) {
      const { dialog, acts } = await preferences({ gpc, token: known });
      press("accept", dialog);
      expect(acts).toEqual([{ ...act, layer: 2 }]);
      await leavePage();
    }
  });
});

describe("the dialog", () => {
  test("weighs accepting and refusing alike", async () => {
    const { dialog, acts } = await preferences();
    const [accept, reject] = dialog.querySelectorAll(".foot button");
    expect(accept?.className).toBe(reject?.className);
    press("reject", dialog);
    expect(acts).toEqual([{ action: "reject", layer: 2 }]);
  });
  test("opens once, with the focus on its heading", async () => {
    const { core, dialog } = await preferences();
    const { shadow } = core.getStage();
    const sheets = shadow.adoptedStyleSheets.length;
    open(core);
    expect(shadow.querySelectorAll("dialog.centre").length).toBe(1);
    expect(shadow.activeElement?.textContent).toBe("text of preferences_title");
    dialog.querySelector<HTMLButtonElement>(".close")?.click();
    open(core);
    expect(shadow.adoptedStyleSheets.length).toBe(sheets);
  });
  test.each([
    ["its control", (it: HTMLElement) => it.querySelector<HTMLButtonElement>(".close")?.click()],
    ["Escape", (it: HTMLElement) => (it as HTMLDialogElement).close()],
    [
      "a press beside it",
      (it: HTMLElement) => {
        it.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
        it.click();
      },
    ],
  ])("is closed by %s, stores nothing and gives the focus back", async (_, close) => {
    const opener = document.createElement("button");
    document.body.append(opener);
    opener.focus();
    const { core, dialog, acts, input } = await preferences();
    input("analytics").click();
    close(dialog);
    await settle();
    expect([dialogOf(core), acts, document.activeElement]).toEqual([null, [], opener]);
  });
  test("stays where a press only ends beside it", async () => {
    const { core, dialog } = await preferences();
    dialog.querySelector("p")?.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
    dialog.click();
    expect(dialogOf(core)).toBe(dialog);
  });
  test("follows a change made elsewhere until the visitor is at work on it", async () => {
    const { core, input } = await preferences();
    const learn = (purposes: Parameters<typeof aToken>[0]) => {
      keep("consent_state_shop", encode(aToken(purposes)));
      core.state = core.resolve(core.facts());
      document.dispatchEvent(new Event("consent:change"));
    };
    learn({ analytics: ["granted", 3, 0] });
    expect(input("analytics").checked).toBe(true);
    input("marketing").click();
    learn({ analytics: ["denied", 3, 0] });
    expect([input("analytics").checked, input("marketing").checked]).toEqual([true, true]);
  });
  test("offers withdrawal only where there is something to withdraw", async () => {
    const notice = aNotice({ withdrawal: "Write to us." });
    const first = await preferences({ notice });
    expect(first.dialog.textContent).toContain("Write to us.");
    expect(labels(first.dialog)).not.toContain("withdraw");
    await leavePage();
    const { dialog, acts } = await preferences({ token: granted });
    press("withdraw", dialog);
    expect(acts).toEqual([{ action: "withdraw", layer: 2 }]);
  });
  test("says that an opt-out signal is honoured", async () => {
    const { dialog } = await preferences({ gpc: true });
    const badges = [...dialog.querySelectorAll(".badge")].map((one) => one.textContent);
    expect(badges.filter((text) => text === "text of opt_out_honoured").length).toBe(2);
  });
  test("of an opt-out has the words and the icon of the control that opens it", async () => {
    const { dialog } = await preferences({ notice: us() });
    const heading = dialog.querySelector("h2");
    expect([heading?.textContent, heading?.className]).toEqual(["text of reopen", "cm-opt-out"]);
  });
  test("is drawn without a sink for markup", async () => {
    const sink = vi.spyOn(Element.prototype, "innerHTML", "set");
    await preferences({ token: granted });
    expect(sink).not.toHaveBeenCalled();
  });
});

describe("after a choice", () => {
  async function refuse(opener: () => HTMLElement | null) {
    const main = document.createElement("main");
    document.body.append(main);
    const { core, answers } = await page({ token: granted });
    answers("/consents", [201, {}]);
    await core.start();
    opener()?.focus();
    open(core);
    press("reject", dialogOf(core) as HTMLElement);
    await settle();
    expect(dialogOf(core)).toBeNull();
    return { main, said: core.getStage().shadow.querySelector("[role=status]")?.textContent };
  }
  test("the focus is where it was", async () => {
    const link = document.createElement("button");
    document.body.append(link);
    const { said } = await refuse(() => link);
    expect([document.activeElement, said]).toEqual([link, "text of saved"]);
  });
  test("the focus is in main where nothing had it", async () => {
    const { main } = await refuse(() => null);
    expect(document.activeElement).toBe(main);
  });
  test("the focus is on the reopen control where that was pressed", async () => {
    const notice = us();
    const { core, answers } = await page({ notice, token: optedOut });
    answers("/consents", [201, {}]);
    await core.start();
    const control = () => root()?.querySelector<HTMLButtonElement>(".cm-reopen");
    control()?.focus();
    open(core);
    press("save", dialogOf(core) as HTMLElement);
    expect(document.activeElement).toBe(control());
  });
});

describe("what it tells", () => {
  test("names services, providers, cookies and storage, and links to no script", async () => {
    const notice = aNotice();
    const provider = { name: "Tally SAS", country: "FR", policy_url: "javascript:alert(1)" };
    const storage = ["_tally_*"];
    notice.services = notice.services.map((service) => ({ ...service, provider, storage }));
    const { dialog } = await preferences({ notice });
    expect(dialog.querySelector("details")?.textContent).toContain("Tally SAS, France");
    const names = [...dialog.querySelectorAll("tbody td:first-child")].map((td) => td.textContent);
    expect(names).toEqual(["_tally", "_ty*", "_tally_*"]);
    const links = [...dialog.querySelectorAll("a")];
    expect(links.some(({ protocol }) => protocol === "javascript:")).toBe(false);
  });
  test("names the controller and how to reach it", async () => {
    const controller = {
      name: "Linden",
      address: "Berlin",
      email: "a@b.example",
      phone: "+49 (30) 1",
    };
    const { dialog } = await preferences({ notice: aNotice({ controller }) });
    expect(dialog.textContent).toContain("Linden, Berlin");
    const links = [...dialog.querySelectorAll(".reach a")].map((one) => one.getAttribute("href"));
    expect(links).toEqual(["mailto:a@b.example", "tel:+49301"]);
  });
  test("marks what was agreed to, and links to what changed since", async () => {
    const documents = [aDocument("terms", { accept: "agree" }), aDocument("privacy-policy")];
    const token = aToken({}, { documents: { terms: [2, 3], "privacy-policy": [1, 1] } });
    const { dialog } = await preferences({ notice: aNotice({ documents }), token });
    const list = dialog.querySelector(".documents")?.textContent;
    expect(list).toContain("terms ✓ 2");
    expect(list).toContain("text of what_changed: privacy-policy");
  });
  test("offers to agree apart from choices", async () => {
    const documents = [aDocument("terms", { accept: "agree" })];
    const { dialog, agree, acts } = await preferences({ notice: aNotice({ documents }) });
    const button = dialog.querySelector<HTMLButtonElement>("section button");
    expect(button?.textContent).toBe("text of agree");
    button?.click();
    expect([agree.mock.calls, acts]).toEqual([[[2]], []]);
  });
  test("of a plain notice is its text, and one button", async () => {
    const documents = [aDocument("terms", { accept: "acknowledge" })];
    const notice = aNotice({ model: "notice", purposes: [], documents });
    const { dialog, agree } = await preferences({ notice });
    expect(dialog.textContent).toContain("Read the policy");
    expect(labels(dialog)).toEqual(["", "accept"]);
    press("accept", dialog);
    expect(agree).toHaveBeenCalledWith(2);
  });
});

describe("the visitor's own record", () => {
  const reply = { reference: "AB12", receipt: "e.y.J" };
  const code = (dialog: Element) => dialog.querySelector(".identity code")?.textContent;

  test("is asked for where it is not known, and shown when it comes", async () => {
    const { dialog, requests } = await preferences();
    expect([requests, dialog.querySelector(".identity")?.childElementCount]).toEqual([[], 0]);
    await leavePage();
    const known = await preferences({ credential: "c" });
    expect(code(known.dialog)).toBeUndefined();
    known.answers("/consents/me", [200, reply]);
    await settle();
    expect(code(known.dialog)).toBe("AB12");
    expect(known.requests.map(({ path }) => path)).toEqual(["/consents/me"]);
  });
  test("is asked for once more when the visitor comes back to the window", async () => {
    const { answers, requests } = await preferences({ credential: "c" });
    answers("/consents/me", [200, reply], [200, reply]);
    await settle();
    for (const _ of "12") {
      dispatchEvent(new Event("focus"));
      await settle();
    }
    expect(requests.map(({ path }) => path)).toEqual(["/consents/me", "/consents/me"]);
  });
  test("leaves the preferences usable where the service cannot be had", async () => {
    const { dialog, answers } = await preferences({ credential: "c" });
    answers("/consents/me", "lost");
    await settle();
    expect(labels(dialog)).toContain("save");
  });
  test("has a receipt that can be saved", async () => {
    const blobs: Blob[] = [];
    const saved: string[] = [];
    vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
      blobs.push(blob as Blob);
      return "blob:one";
    });
    vi.spyOn(HTMLElement.prototype, "click").mockImplementation(function (this: HTMLElement) {
      if (this instanceof HTMLAnchorElement) saved.push(this.href, this.download);
      else this.dispatchEvent(new Event("click"));
    });
    const { dialog, answers } = await preferences({ credential: "c" });
    answers("/consents/me", [200, reply]);
    await settle();
    press("receipt", dialog);
    expect(saved).toEqual(["blob:one", "consent-receipt-AB12.txt"]);
    expect(await blobs[0]?.text()).toBe("e.y.J\n");
  });
  test("leads to the page about it, in the language of this one", async () => {
    const { dialog, answers, requests } = await preferences({ credential: "c" });
    const assign = vi.spyOn(location, "assign").mockReturnValue();
    answers("/consents/me/link", [201, { url: "https://cm.example/preferences?code=1" }]);
    press("history", dialog);
    await settle();
    const address = "https://cm.example/preferences?code=1&lang=en";
    expect(String(assign.mock.calls[0]?.[0])).toBe(address);
    const asked = requests.find(({ path }) => path === "/consents/me/link");
    expect(asked?.body).toEqual({ return: location.href, credential: "c" });
  });
});
