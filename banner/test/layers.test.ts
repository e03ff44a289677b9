import { afterEach, describe, expect, test, vi } from "vitest";
import { changesOf } from "../src/lazy/changes";
import { layer as layerFor } from "../src/lazy/layers";
import type { Question } from "../src/state";
import type { Shown } from "../src/view/layer";
import {
  type Given,
  labels,
  layer as layerOn,
  leavePage,
  page,
  press,
  root,
  settle,
} from "./pages";
import { aDocument, aNotice, aToken, encode } from "./samples";

afterEach(leavePage);

const part = aToken({ analytics: ["granted", 3, 0] });

async function known(given: Given) {
  const { core } = await page(given);
  core.state = core.resolve(core.facts());
  const act = vi.fn();
  Object.assign(core, { act, agree: vi.fn(), open: vi.fn(), close: vi.fn() });
  return { core: core as Shown, act };
}
async function shown(question: Question, given: Given) {
  const { core, act } = await known(given);
  return { core, act, layer: layerFor(core, question) };
}
const links = (layer: Element) => [...layer.querySelectorAll("a")].map((one) => one.textContent);

describe("what is asked again for part", () => {
  test("is spoken about alone, with who receives what", async () => {
    const notice = aNotice();
    for (const one of notice.purposes) one.recipients = [`Partner of ${one.key}`];
    const { layer, act } = await shown("choice", { notice, token: part });
    const [again, who] = layer.querySelectorAll("p");
    expect(again?.textContent).toBe("text of asked_again");
    expect(layer.querySelector("ul")?.textContent).toBe(
      "Name of marketing: About marketing text of recipients: Partner of marketing",
    );
    expect(who?.textContent).toBe("text of controller: Linden & Oak · privacy-policy · terms");
    expect(layer.textContent).not.toContain("analytics");
    expect(layer.textContent).not.toContain("Read the ");
    expect(labels(layer)).toEqual(["accept", "reject", "choose"]);
    for (const label of ["accept", "reject"]) press(label, layer);
    expect(act.mock.calls).toEqual([
      [{ action: "choose", decisions: { marketing: true }, layer: 1 }],
      [{ action: "choose", decisions: { marketing: false }, layer: 1 }],
    ]);
  });
  test("never grants what a signal stands against", async () => {
    const { layer, act } = await shown("choice", { token: part, gpc: true });
    press("accept", layer);
    expect(act.mock.calls).toEqual([
      [{ action: "choose", decisions: { marketing: false }, layer: 1 }],
    ]);
  });
});

test("what is asked again as a whole is the first layer, with what changed", async () => {
  const documents = [aDocument("terms", { asked_since: 3 })];
  const token = aToken({ analytics: ["granted", 1, 1] }, { documents: { terms: [1, 1] } });
  const { layer } = await shown("choice", { notice: aNotice({ documents }), token });
  expect(layer.textContent).toContain("Read the ");
  expect(links(layer).at(-1)).toBe("text of what_changed: terms");
});

describe("documents alone", () => {
  const terms = aDocument("terms", { accept: "agree" });
  const rules = aDocument("rules", { accept: "acknowledge" });

  test("are listed, with what is asked about each", async () => {
    const documents = [rules, terms, aDocument("imprint")];
    const { layer } = await shown("documents", { notice: aNotice({ documents }) });
    const words = [...layer.querySelectorAll("p, li")].map((one) => one.textContent);
    expect(words).toEqual([
      ...["text of agree_intro", "terms", "text of acknowledge_intro", "rules"],
      "text of controller: Linden & Oak · imprint",
    ]);
    expect(layer.querySelector("h2")?.textContent).toBe("text of documents");
    expect(layer.textContent).not.toContain("Name of");
  });
  test("have a button that says what it does, and can be put off", async () => {
    const label = async (...documents: (typeof terms)[]) => {
      const { layer, core } = await shown("documents", { notice: aNotice({ documents }) });
      press("later", layer);
      expect(core.close).toHaveBeenCalledOnce();
      return labels(layer);
    };
    expect(await label(terms, rules)).toEqual(["agree", "reopen", "later"]);
    expect(await label(rules)).toEqual(["acknowledge", "reopen", "later"]);
  });
  test("of a plain notice that comes back lead to what can be withdrawn", async () => {
    const notice = aNotice({ model: "notice", purposes: [], documents: [terms, rules] });
    const token = aToken({}, { documents: { rules: [2, 3] } });
    const { layer } = await shown("documents", { notice, token });
    expect(labels(layer)).toEqual(["accept", "reopen", "later"]);
    expect(layer.textContent).toContain("Read the ");
  });
  test("link to the page that compares the versions", async () => {
    const documents = [{ ...terms, asked_since: 3 }];
    const token = aToken({}, { documents: { terms: [1, 1] } });
    const { layer } = await shown("documents", { notice: aNotice({ documents }), token });
    const link = [...layer.querySelectorAll("a")].find((one) => one.textContent?.includes("what"));
    const address = "/cm/sites/shop/documents/terms/diff?from=1&to=2&lang=en";
    expect(link?.getAttribute("href")).toBe(address);
  });
});

describe("a document has changed", () => {
  const policy = aDocument("privacy-policy", { asked_since: 3 });
  const notice = aNotice({ documents: [policy, aDocument("terms")] });
  const changes = async (documents: object, purposes = {}) => {
    const token = aToken(purposes, { documents } as object);
    const found = changesOf((await known({ notice, token })).core);
    await leavePage();
    return found;
  };
  test("for who agreed to an earlier version", async () => {
    expect(await changes({ terms: [1, 1] })).toMatchObject({ terms: "from=1&to=2" });
    expect(await changes({ terms: [2, 1] })).not.toHaveProperty("terms");
  });
  test("for who answered before it changed materially, and for nobody else", async () => {
    const answered = (number: number) => ({ analytics: ["granted", number, 0] });
    expect(await changes({}, answered(2))).toEqual({ "privacy-policy": "to=2" });
    expect(await changes({}, answered(3))).toEqual({});
    expect(await changes({})).toEqual({});
    expect(changesOf((await known({ notice })).core)).toEqual({});
  });
});

describe("where a script runs on", () => {
  test("whoever withdraws learns what ends it, and can put that away", async () => {
    const script = document.createElement("script");
    script.type = "text/plain";
    script.dataset.consent = "analytics";
    document.body.append(script);
    const { core, answers } = await page({ token: part });
    await core.start();
    expect(script.type).toBe("text/javascript");
    const refused = aToken({ analytics: ["denied", 3, 0], marketing: ["denied", 3, 0] });
    answers("/consents", [201, { state_token: encode(refused) }]);
    await core.act({ action: "reject" });
    await settle();
    expect(layerOn()?.textContent).toContain("text of reload_needed");
    expect(labels(layerOn())).toEqual(["reload", "later"]);
    press("later");
    expect([layerOn(), labels(root())]).toEqual([null, ["reopen"]]);
    core.update();
    await settle();
    expect(layerOn(), "told once").toBeNull();
  });
});
