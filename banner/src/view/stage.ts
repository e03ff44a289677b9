/** The banner's own corner of the page: puts surfaces up and takes them down, and minds the focus. */
import type { Notice } from "../types";
import { addStyle, h } from "./dom";
import css from "./style.css?inline";

export interface Stage {
  readonly shadow: ShadowRoot;
  /** Shows a layer; leaves one alone that says the same already. */
  ask(layer: HTMLElement): void;
  asks(): boolean;
  /** Takes the layer down, for the reopen control where one is given. */
  rest(control?: HTMLElement): void;
  say(text: string): void;
  /** Puts the host back where a framework has removed it. */
  mend(): void;
  /** Gives the focus back to where it was before the visitor came here. */
  focusPage(): void;
}

/** Keeps what is focused by keyboard from hiding behind the layer (WCAG 2.4.11). */
function padScroll(frame: Element): () => void {
  const { style } = document.documentElement;
  const side = "scrollPaddingBottom";
  const before = style[side];
  const observer = new ResizeObserver(() => {
    style[side] = `${innerHeight - frame.getBoundingClientRect().top}px`;
  });
  observer.observe(frame);
  return () => {
    observer.disconnect();
    style[side] = before;
  };
}

export function openStage(notice: Notice): Stage {
  const { layout, style, placement, texts } = notice;
  const host = h("div", { id: "cm-root", dir: notice.dir, lang: notice.locale });
  const shadow = host.attachShadow({ mode: "open" });
  const live = h("p", { role: "status", class: "cm-unseen" });
  let frame: HTMLElement = h("div");
  let layer: HTMLElement | undefined;
  let before: Element | null = null;
  let unpad = (): void => {};

  const place = () => document.body[placement === "last" ? "append" : "prepend"](host);

  /** Text and buttons stay in the page's own tree, in a frame that its styles do not reach. */
  function put(kind: string, label: string, content: HTMLElement | undefined): void {
    unpad();
    unpad = () => {};
    const properties = { class: `cm-panel cm-${kind}`, "aria-label": label };
    const next = !content
      ? h("div")
      : kind === "dialog"
        ? h("dialog", properties, h("slot"))
        : h("div", { ...properties, role: "region" }, h("slot"));
    frame.replaceWith(next);
    frame = next;
    host.replaceChildren(...(content ? [content] : []));
  }

  shadow.append(frame, live);
  const { close = "", optout = "" } = LAYOUTS;
  const sheets = [css, LAYOUTS[layout], close, optout, `:where(#cm-root){${style}}`];
  addStyle(sheets.join(""), document, shadow);
  place();
  host.addEventListener("focusin", ({ relatedTarget }) => {
    if (!host.contains(relatedTarget as Node)) before = relatedTarget as Element;
  });

  const stage: Stage = {
    shadow,
    ask(next) {
      if (layer?.isEqualNode(next)) return;
      if (!layer) before = document.activeElement;
      layer = next;
      const heading = next.querySelector("h2");
      put(layout, heading?.textContent ?? "", next);
      if (layout !== "dialog") unpad = padScroll(frame);
      else {
        (frame as HTMLDialogElement).showModal();
        heading?.focus();
        frame.addEventListener("keydown", (event) => {
          if (event.key === "Escape") event.preventDefault();
        });
      }
    },
    asks: () => !!layer,
    rest(control) {
      if (!layer && control && host.firstChild?.isEqualNode(control)) return;
      const focused = layer?.contains(document.activeElement);
      layer = undefined;
      put("corner", texts.reopen, control);
      if (focused) stage.focusPage();
    },
    say(text) {
      live.textContent = text;
    },
    mend() {
      if (host.isConnected || !document.body) return;
      place();
      // What was open above the page is so no more, though it still says so.
      for (const dialog of shadow.querySelectorAll("dialog")) {
        dialog.removeAttribute("open");
        dialog.showModal();
      }
    },
    focusPage() {
      const isKnown = before?.isConnected && before !== document.body;
      const target = (isKnown ? before : document.querySelector("main")) as HTMLElement | null;
      if (!isKnown && target) target.tabIndex = -1;
      target?.focus({ preventScroll: true });
    },
  };
  return stage;
}
