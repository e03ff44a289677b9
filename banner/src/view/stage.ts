/** The banner's own corner of the page: puts surfaces up and takes them down, and minds the focus. */
import type { Question } from "../state";
import { onAdded } from "../watch";
import { identityBlock, preferences } from "./centre";
import { h } from "./dom";
import { firstLayer } from "./layer";
import type { Actions, Scene } from "./scene";
import css from "./style.css?inline";
import { themeRule } from "./theme";

export interface Stage {
  /** Leaves a layer alone that says the same already. */
  ask(scene: Scene, question: Question): void;
  asks(): boolean;
  hideLayer(): void;
  openCentre(scene: Scene): void;
  closeCentre(): void;
  /** Shows in an open centre what the service has told about the visitor since. */
  updateIdentity(scene: Scene): void;
  showReopen(scene: Scene): void;
  say(text: string): void;
}

const OPENER = "[data-consent-open]";

function focusPage(before: HTMLElement | undefined): void {
  const target = before?.isConnected ? before : (document.querySelector("main") ?? document.body);
  const helped = target !== before && !target.hasAttribute("tabindex");
  if (helped) {
    target.setAttribute("tabindex", "-1");
    target.addEventListener("blur", () => target.removeAttribute("tabindex"), { once: true });
  }
  target.focus({ preventScroll: true });
}

function addStyle(shadow: ShadowRoot, text: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    shadow.append(h("style", {}, text));
  }
}

export function openStage(scene: Scene, actions: Actions): Stage {
  const host = h("div", { id: "cm-root" });
  const shadow = host.attachShadow({ mode: "open" });
  const live = h("p", { role: "status", class: "unseen" });
  const root = h("div", { class: "root", dir: scene.notice.dir, lang: scene.notice.locale }, live);
  let layer: HTMLElement | undefined;
  let centre: HTMLDialogElement | undefined;
  let reopen: HTMLElement | undefined;
  let before: HTMLElement | undefined;

  addStyle(shadow, css + themeRule(scene.notice.theme));
  shadow.append(root);
  document.body.prepend(host);
  host.addEventListener("focusin", (event) => {
    if (event.relatedTarget instanceof HTMLElement) before = event.relatedTarget;
  });
  onAdded(OPENER, () => reopen?.remove());

  function hideLayer(): void {
    if (!layer) return;
    const focused = layer.contains(shadow.activeElement);
    layer.remove();
    layer = undefined;
    if (focused) focusPage(before);
  }

  return {
    ask(scene, question) {
      const next = firstLayer(scene, question, actions);
      if (layer?.isEqualNode(next)) return;
      hideLayer();
      reopen?.remove();
      layer = next;
      root.prepend(layer);
    },
    asks: () => !!layer,
    openCentre(scene) {
      centre?.remove();
      centre = preferences(scene, actions);
      root.append(centre);
      const opened = centre;
      centre.addEventListener("close", () => opened.remove());
      centre.showModal();
      centre.querySelector("h2")?.focus();
    },
    hideLayer,
    closeCentre() {
      centre?.close();
    },
    updateIdentity(scene) {
      centre?.querySelector(".identity")?.replaceWith(identityBlock(scene, actions));
    },
    showReopen(scene) {
      if (layer || reopen?.isConnected || document.querySelector(OPENER)) return;
      const { texts } = scene.notice;
      reopen = h(
        "button",
        { type: "button", class: "reopen", click: actions.open },
        texts.reopen,
        scene.optedOut && h("small", {}, texts.opt_out_honoured),
      );
      root.append(reopen);
    },
    say(text) {
      live.textContent = text;
    },
  };
}
