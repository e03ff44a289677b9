import { beforeEach, describe, expect, test, vi } from "vitest";
import { openGate } from "../src/gate";

let allowed: string[];
const gate = (nonce?: string) => {
  const allows = (purpose?: string, service?: string) =>
    allowed.includes(service ?? purpose ?? "nothing");
  return openGate(allows, moved, held, nonce);
};
let moved = vi.fn();
let held = vi.fn();
const settle = () => new Promise((done) => setTimeout(done, 5));

function add<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string>,
  text = "",
) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  document.body.append(element);
  return element;
}
const script = (purpose: string, more = {}) =>
  add("script", { type: "text/plain", "data-consent": purpose, ...more });

beforeEach(() => {
  document.body.replaceChildren();
  allowed = [];
  held = vi.fn();
});

describe("the gate", () => {
  test.each([
    ["nomodule", { nomodule: "", src: "/old.js" }],
    ["a type that no browser runs", { "data-type": "application/json", src: "/data.json" }],
  ])("is not held up by %s", (_, attributes) => {
    allowed = ["analytics"];
    const [never, next] = [script("analytics", attributes), script("analytics")];
    if ("nomodule" in attributes) never.noModule = true;
    gate().update();
    expect([never.type, next.type]).not.toContain("text/plain");
  });
  test("sees one script once, whatever its attributes", async () => {
    allowed = ["analytics"];
    script("analytics", { "data-src": "/late.js" });
    gate().update();
    const inserted = vi.spyOn(document.body, "insertBefore");
    await settle();
    expect(inserted).not.toHaveBeenCalled();
  });
  test.each(["java\nscript:x()", "\u0001javascript:x()", " JavaScript:x()"])(
    "hands no code to a frame: %j",
    (address) => {
      allowed = ["analytics"];
      const frame = add("iframe", { "data-consent": "analytics", "data-src": address });
      gate().update();
      expect(frame.hasAttribute("src")).toBe(false);
    },
  );
  test("releases no script without the banner's own nonce, where it has one", () => {
    allowed = ["analytics"];
    const [own, smuggled] = [script("analytics"), script("analytics")];
    own.nonce = "r4nd0m";
    gate("r4nd0m").update();
    expect([own.type, smuggled.type]).toEqual(["text/javascript", "text/plain"]);
  });
  test("holds everything back until its purpose is allowed", () => {
    const inline = script("analytics");
    const image = add("img", { "data-consent": "analytics", "data-src": "/p.png" });
    const one = gate();
    one.update();
    expect([inline.type, image.hasAttribute("src")]).toEqual(["text/plain", false]);
    allowed = ["analytics"];
    one.update();
    expect([inline.type, image.getAttribute("src")]).toEqual(["text/javascript", "/p.png"]);
  });
  test("releases only what its purpose allows", () => {
    const other = script("marketing");
    allowed = ["analytics"];
    gate().update();
    expect(other.type).toBe("text/plain");
  });
  test("releases the very element, in its place, once", () => {
    const node = script("analytics");
    const after = add("p", {});
    allowed = ["analytics"];
    let inserted = 0;
    const insert = document.body.insertBefore.bind(document.body);
    document.body.insertBefore = (...args) => {
      inserted++;
      return insert(...args);
    };
    const one = gate();
    one.update();
    one.update();
    expect([node.isConnected, node.nextSibling === after, inserted]).toEqual([true, true, 1]);
  });
  test("makes a script wait for the one before it", () => {
    const first = script("analytics");
    Object.defineProperty(first, "src", { value: "https://x.example/lib.js" });
    const second = script("analytics");
    allowed = ["analytics"];
    gate().update();
    expect([first.type, first.async, second.type]).toEqual([
      "text/javascript",
      false,
      "text/plain",
    ]);
    first.dispatchEvent(new Event("load"));
    expect(second.type).toBe("text/javascript");
  });
  test("releases nothing more once a purpose is withdrawn", () => {
    const first = script("analytics");
    Object.defineProperty(first, "src", { value: "https://x.example/lib.js" });
    const second = script("analytics");
    allowed = ["analytics"];
    gate().update();
    allowed = [];
    first.dispatchEvent(new Event("error"));
    expect(second.type).toBe("text/plain");
  });
  test("sees what is added later", async () => {
    allowed = ["analytics"];
    gate().update();
    const late = add("iframe", { "data-consent": "analytics", "data-src": "about:blank" });
    const styles = add("link", { "data-consent": "analytics", "data-href": "/a.css" });
    await settle();
    expect(late.getAttribute("src")).toBe("about:blank");
    expect(styles.getAttribute("href")).toBe("/a.css");
  });
  test("narrows to a service", () => {
    const tally = script("analytics", { "data-consent-service": "tally" });
    const other = script("analytics", { "data-consent-service": "other" });
    allowed = ["analytics", "tally"];
    gate().update();
    expect([tally.type, other.type]).toEqual(["text/javascript", "text/plain"]);
  });
  test("sets no address that is a script", () => {
    const frame = add("iframe", { "data-consent": "a", "data-src": " javascript:alert(1)" });
    allowed = ["a"];
    gate().update();
    expect(frame.hasAttribute("src")).toBe(false);
  });
  test("loads nothing that names no purpose", () => {
    const image = add("img", { "data-consent": "", "data-src": "/p.png" });
    allowed = ["analytics"];
    gate().update();
    expect(image.hasAttribute("src")).toBe(false);
  });
  test("runs a script as what it says it is", () => {
    const module = script("analytics", { "data-type": "module" });
    allowed = ["analytics"];
    gate().update();
    expect(module.type).toBe("module");
  });
  test("waits for no script that may come whenever it likes", () => {
    const first = script("analytics", { async: "" });
    Object.defineProperty(first, "src", { value: "https://x.example/lib.js" });
    const second = script("analytics");
    allowed = ["analytics"];
    gate().update();
    expect(second.type).toBe("text/javascript");
  });
  test("stops what can be stopped, and says when something runs on", () => {
    const frame = add("iframe", { "data-consent": "video", "data-src": "about:blank#film" });
    const image = add("img", { "data-consent": "video", "data-src": "/p.png" });
    const one = gate();
    allowed = ["video"];
    expect(one.update()).toBe(false);
    allowed = [];
    expect(one.update()).toBe(false);
    expect([frame.getAttribute("src"), frame.dataset.src]).toEqual([
      ...["about:blank", "about:blank#film"],
    ]);
    expect([image.hasAttribute("src"), image.dataset.src]).toEqual([false, "/p.png"]);
    allowed = ["video"];
    one.update();
    expect(frame.getAttribute("src")).toBe("about:blank#film");
    const node = script("analytics");
    allowed = ["analytics"];
    one.update();
    allowed = [];
    expect([one.update(), node.type]).toEqual([true, "text/javascript"]);
    expect(one.update(), "told twice").toBe(false);
  });
  test("says when an iframe waits, or waits again", () => {
    const one = gate();
    add("img", { "data-consent": "video", "data-src": "/p.png" });
    one.update();
    expect(held).not.toHaveBeenCalled();
    add("iframe", { "data-consent": "video", "data-src": "about:blank#film" });
    one.update();
    expect(held).toHaveBeenCalledOnce();
    allowed = ["video"];
    one.update();
    expect(held).toHaveBeenCalledOnce();
    allowed = [];
    one.update();
    expect(held).toHaveBeenCalledTimes(2);
  });
  test("tells when anything in the page moves", async () => {
    moved = vi.fn();
    gate().update();
    add("p", {});
    await settle();
    expect(moved).toHaveBeenCalledOnce();
  });
});
