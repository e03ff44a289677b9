/** Holds marked elements back until their purpose is allowed, then releases each once, in order. */
import { onAdded } from "./watch";

const GATED = [
  'script[type="text/plain"][data-consent]',
  "img[data-consent][data-src]",
  "iframe[data-consent][data-src]",
  "link[data-consent][data-href]",
].join();

export type Allows = (purpose: string, service: string | null) => boolean;

/** Running the original node again needs no Trusted Types sink and keeps its nonce. */
function releaseScript(script: HTMLScriptElement, done: () => void): boolean {
  const waits = script.src !== "" && !script.hasAttribute("async");
  const { parentNode, nextSibling } = script;
  script.remove();
  script.type = script.dataset.type ?? "text/javascript";
  if (waits) {
    script.async = false;
    script.addEventListener("load", done, { once: true });
    script.addEventListener("error", done, { once: true });
  }
  parentNode?.insertBefore(script, nextSibling);
  return waits;
}

function releaseAddress(element: Element): void {
  for (const name of ["src", "srcset", "href"]) {
    const value = element.getAttribute(`data-${name}`);
    if (value === null) continue;
    element.removeAttribute(`data-${name}`);
    if (!/^\s*javascript:/i.test(value)) element.setAttribute(name, value);
  }
}

export interface Gate {
  /** Looks at the page anew; call it when the state has changed. */
  update(): void;
}

export function openGate(allows: Allows): Gate {
  let watching = false;
  let busy = false;

  const mayPass = (element: Element) =>
    allows(
      element.getAttribute("data-consent") ?? "",
      element.getAttribute("data-consent-service"),
    );

  // A script with an address holds back those behind it until it has run, as in a page without a gate.
  function pump(): void {
    for (const element of document.querySelectorAll(GATED)) {
      if (!mayPass(element)) continue;
      if (!(element instanceof HTMLScriptElement)) releaseAddress(element);
      else if (!busy) busy = releaseScript(element, next);
    }
  }
  function next(): void {
    busy = false;
    pump();
  }

  return {
    update() {
      if (!watching) onAdded(GATED, pump);
      watching = true;
      pump();
    },
  };
}
