import { beforeEach, describe, expect, test } from "vitest";
import { openGate } from "../src/gate";

let allowed: string[];
const gate = () => openGate((purpose, service) => allowed.includes(service ?? purpose));
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
});

describe("the gate", () => {
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
});
