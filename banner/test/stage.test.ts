import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Notice } from "../src/types";
import { h } from "../src/view/dom";
import { openStage, type Stage } from "../src/view/stage";
import { root } from "./pages";
import { aNotice } from "./samples";

const aLayer = (title = "May we?") =>
  h("section", {}, h("h2", { tabindex: "-1" }, title), h("button", {}, "Yes"));
const frameOf = (stage: Stage) => stage.shadow.firstElementChild as HTMLElement;
const padding = () => document.documentElement.style.scrollPaddingBottom;

let stage: Stage;
function open(more: Partial<Notice> = {}): Stage {
  stage = openStage(aNotice(more));
  return stage;
}

beforeEach(() => {
  document.body.innerHTML = "<main><a href=#>Link</a></main>";
});
afterEach(() => {
  stage.rest();
  document.body.replaceChildren();
});

test("the host stands first in the page, or last, and speaks its language", () => {
  open({ locale: "ar", dir: "rtl" });
  expect(document.body.firstElementChild).toBe(root());
  expect([root()?.getAttribute("lang"), root()?.getAttribute("dir")]).toEqual(["ar", "rtl"]);
  root()?.remove();
  open({ placement: "last" });
  expect(document.body.lastElementChild).toBe(root());
});

describe("a bar", () => {
  test("is a region named after its heading, and takes no focus", () => {
    open().ask(aLayer());
    const frame = frameOf(stage);
    expect([frame.getAttribute("role"), frame.getAttribute("aria-label")]).toEqual([
      ...["region", "May we?"],
    ]);
    expect(document.activeElement).toBe(document.body);
    expect(root()?.textContent).toBe("May we?Yes");
  });
  test("leaves alone what says the same already", () => {
    open().ask(aLayer());
    const shown = root()?.firstChild;
    stage.ask(aLayer());
    expect(root()?.firstChild).toBe(shown);
    stage.ask(aLayer("And now?"));
    expect(root()?.textContent).toBe("And now?Yes");
  });
  test("gives the page its scroll padding back", () => {
    document.documentElement.style.scrollPaddingBottom = "7px";
    open().ask(aLayer());
    stage.rest();
    expect(padding()).toBe("7px");
  });
});

describe("a dialog", () => {
  test("is modal, begins at its heading, and ignores Escape", () => {
    open({ layout: "dialog" }).ask(aLayer());
    const frame = frameOf(stage) as HTMLDialogElement;
    expect([frame.localName, frame.open]).toEqual(["dialog", true]);
    expect(document.activeElement?.localName).toBe("h2");
    const leave = new KeyboardEvent("keydown", { key: "Escape", cancelable: true });
    frame.dispatchEvent(leave);
    expect(leave.defaultPrevented).toBe(true);
    const tab = new KeyboardEvent("keydown", { key: "Tab", cancelable: true });
    frame.dispatchEvent(tab);
    expect(tab.defaultPrevented).toBe(false);
  });
  test("comes back open where the page is drawn anew", () => {
    open({ layout: "dialog" }).ask(aLayer());
    const frame = frameOf(stage) as HTMLDialogElement;
    const shownAgain = vi.spyOn(frame, "showModal");
    document.body.replaceChildren();
    stage.mend();
    expect([root()?.isConnected, frame.open]).toEqual([true, true]);
    expect(shownAgain).toHaveBeenCalledOnce();
  });
});

describe("at the end", () => {
  test("a control takes the layer's place, once", () => {
    open().ask(aLayer());
    const control = () => h("button", {}, "Privacy choices");
    stage.rest(control());
    const shown = root()?.firstChild;
    stage.rest(control());
    expect([root()?.firstChild, stage.asks()]).toEqual([shown, false]);
    stage.rest();
    expect(root()?.childNodes.length).toBe(0);
  });
  test("the focus goes back to where it was", () => {
    const link = document.querySelector("a");
    link?.focus();
    open().ask(aLayer());
    root()?.querySelector("button")?.focus();
    stage.rest();
    expect(document.activeElement).toBe(link);
  });
  test("the focus goes to the main part where it was nowhere, which is no stop for Tab later", () => {
    open().ask(aLayer());
    root()?.querySelector("button")?.focus();
    stage.rest();
    const main = document.querySelector("main");
    expect(document.activeElement).toBe(main);
    expect(main?.tabIndex).toBe(-1);
  });
  test("the focus stays where it is outside the layer", () => {
    open().ask(aLayer());
    const link = document.querySelector("a");
    link?.focus();
    stage.rest();
    expect(document.activeElement).toBe(link);
  });
});

test("news is told to who cannot see it", () => {
  open().say("Saved");
  expect(stage.shadow.querySelector("[role=status]")?.textContent).toBe("Saved");
});

test("a host that is still there is left where it is", () => {
  open();
  document.body.append(root() as Element);
  stage.mend();
  expect(document.body.lastElementChild).toBe(root());
});
