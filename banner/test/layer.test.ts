import { afterEach, describe, expect, test, vi } from "vitest";
import type { Act } from "../src/answers";
import { linkedBody } from "../src/linked";
import { firstLayer, type Shown } from "../src/view/layer";
import { type Given, labels, leavePage, page, press } from "./pages";
import { aDocument, aNotice, aPurpose, aToken, texts } from "./samples";

afterEach(leavePage);

/** The first layer of a page, and what its buttons call. */
async function shown(given: Given = {}, instead?: boolean) {
  const { core } = await page(given);
  core.state = core.resolve(core.facts());
  const acts: Act[] = [];
  const calls = { agree: vi.fn(), open: vi.fn(), close: vi.fn() };
  Object.assign(core, { ...calls, act: (act: Act) => void acts.push(act) });
  return { core, acts, ...calls, layer: firstLayer(core as Shown, instead) };
}

describe("the site's own text", () => {
  test("becomes text and safe links, whatever it holds", () => {
    const hostile = [
      { text: "<img src=x onerror=alert(1)>" },
      { text: "policy", document: "privacy-policy" },
      { text: "gone", document: "unknown" },
    ];
    const box = document.createElement("p");
    const notice = aNotice({ model: "notice", texts: { ...texts, body: hostile } });
    const children = linkedBody(notice, "https://cm.example");
    box.append(...(children as (string | Node)[]));
    expect(box.querySelectorAll("*").length).toBe(1);
    expect(box.textContent).toBe("<img src=x onerror=alert(1)>policygone");
    const link = box.querySelector("a");
    const page = "https://cm.example/sites/shop/documents/privacy-policy/2";
    expect([link?.getAttribute("href"), link?.target, link?.rel]).toEqual([
      ...[page, "_blank", "noopener"],
    ]);
  });
  test("is drawn without a sink for markup", async () => {
    const sink = vi.spyOn(Element.prototype, "innerHTML", "set");
    await shown();
    expect(sink).not.toHaveBeenCalled();
    sink.mockRestore();
  });
});

describe("the first layer", () => {
  test("offers refusal just as acceptance", async () => {
    const { layer } = await shown();
    expect(labels(layer)).toEqual(["accept", "reject", "choose"]);
    const [accept, reject, choose] = layer.querySelectorAll("button");
    const looks = (button?: Element) => button?.className.replace(/cm-(accept|reject)/, "");
    expect([looks(reject), reject?.parentElement]).toEqual([looks(accept), accept?.parentElement]);
    expect(looks(choose)).not.toBe(looks(accept));
    expect([...layer.querySelectorAll("button")].every((one) => one.type === "button")).toBe(true);
  });
  test("names the purposes asked for, who asks, and every document once", async () => {
    const { layer } = await shown();
    expect(layer.textContent).toContain("Name of analytics · Name of marketing");
    expect(layer.textContent).not.toContain("Name of necessary");
    expect(layer.textContent).toContain("text of controller: Linden & Oak");
    const links = [...layer.querySelectorAll("a")].map((one) => one.textContent);
    expect(links).toEqual(["privacy-policy", "terms"]);
  });
  test("has both answers before any link", async () => {
    const { layer } = await shown();
    const stops = [...layer.querySelectorAll("button, a")].map((one) => one.localName);
    expect(stops).toEqual(["button", "button", "button", "a", "a"]);
  });
  test("acts as it says", async () => {
    const { layer, acts, open } = await shown();
    for (const label of ["accept", "reject", "choose"]) press(label, layer);
    expect(acts).toEqual([
      { action: "accept", layer: 1 },
      { action: "reject", layer: 1 },
    ]);
    expect(open).toHaveBeenCalledOnce();
  });
  test.each(["agree", "acknowledge"] as const)(
    "of a plain notice has one button, to %s",
    async (accept) => {
      const documents = [aDocument("terms", { accept }), aDocument("privacy-policy")];
      const notice = aNotice({ model: "notice", purposes: [], documents });
      const { layer, agree } = await shown({ notice });
      expect(labels(layer)).toEqual(["accept"]);
      press("accept", layer);
      expect(agree).toHaveBeenLastCalledWith(1);
    },
  );
  test("refuses when it is closed, where closing means that", async () => {
    expect((await shown()).layer.querySelector(".cm-close")).toBeNull();
    const { layer, acts } = await shown({ notice: aNotice({ close_refuses: true }) });
    const cross = layer.querySelector<HTMLButtonElement>(".cm-close");
    expect(cross?.title).toBe("text of close_refuses");
    cross?.click();
    expect(acts).toEqual([{ action: "reject", layer: 1 }]);
  });
  test("shows that an opt-out signal is honoured, when one is", async () => {
    const said = async (given: Given) => (await shown(given)).layer.textContent;
    const notice = aNotice({ purposes: [aPurpose("analytics")] });
    expect(await said({ gpc: true })).toContain("text of opt_out_honoured");
    expect(await said({})).not.toContain("text of opt_out_honoured");
    expect(await said({ gpc: true, notice })).not.toContain("text of opt_out_honoured");
  });
});

describe("in place of preferences that cannot be had", () => {
  const token = aToken({ analytics: ["granted", 3, 0], marketing: ["denied", 3, 0] });
  test("it tells how things are", async () => {
    const { layer } = await shown({ token }, true);
    const all = ["necessary: text of on", "analytics: text of on", "marketing: text of off"];
    expect(layer.textContent).toContain(all.map((one) => `Name of ${one}`).join(" · "));
  });
  test("it accepts, withdraws everything, or goes away", async () => {
    const { layer, acts, close } = await shown({ token }, true);
    expect(labels(layer)).toEqual(["accept", "reject", "close"]);
    for (const label of ["accept", "reject", "close"]) press(label, layer);
    expect(acts.map(({ action }) => action)).toEqual(["accept", "withdraw"]);
    expect(close).toHaveBeenCalledOnce();
  });
});
