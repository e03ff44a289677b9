/** Holds marked elements back until their purpose is allowed, then releases each once, in order. */
import { onChanged } from "./watch";

export const GATED =
  'script[type="text/plain"][data-consent],:is(img,iframe,link)[data-consent]:is([data-src],[data-srcset],[data-href])';

/** Nothing named is nothing allowed. */
export type Allows = (purpose: string | undefined, service?: string) => boolean;

/** Running the original node again needs no Trusted Types sink and keeps its nonce. */
function releaseScript(script: HTMLScriptElement, done: () => void): boolean {
  const { parentNode, nextSibling } = script;
  script.remove();
  script.type = script.dataset.type ?? "text/javascript";
  // What a browser never runs would never end either.
  const runs = /^(module|text\/javascript)$/.test(script.type) && !script.noModule;
  const waits = script.src !== "" && !script.hasAttribute("async") && runs;
  if (waits) {
    script.async = false;
    for (const end of ["load", "error"]) script.addEventListener(end, done, { once: true });
  }
  parentNode?.insertBefore(script, nextSibling);
  return waits;
}

/** Moves addresses from one set of attributes to the other. */
export function moveAddress(element: Element, from: string, to: string): void {
  for (const name of ["src", "srcset", "href"]) {
    const value = element.getAttribute(from + name);
    if (value === null) continue;
    element.removeAttribute(from + name);
    // Browsers look past what is not printed.
    const isCode = /^javascript:/i.test(value.replace(/[\0- ]/g, ""));
    if (!isCode) element.setAttribute(to + name, value);
  }
}

export interface Gate {
  /** Looks at the page anew; call it when the state has changed. True: something runs on that may not. */
  update(): boolean;
}

/**
 * `held`: an iframe waits, or waits again. `nonce`: without it no script is released, or whoever
 * smuggles markup into a page with a strict policy would have it run by this trusted script.
 */
export function openGate(
  allows: Allows,
  moved: () => void,
  held: () => void,
  nonce?: string,
): Gate {
  const released = new Set<HTMLElement>();
  let busy = false;

  const mayPass = (element: HTMLElement) =>
    !(nonce && element instanceof HTMLScriptElement && element.nonce !== nonce) &&
    allows(element.dataset.consent, element.dataset.consentService);

  function release(element: HTMLElement): void {
    released.add(element);
    if (element instanceof HTMLScriptElement) busy = releaseScript(element, next);
    else moveAddress(element, "data-", "");
  }
  // A script with an address holds back those behind it until it has run, as in a page without a gate.
  function pump(): void {
    for (const element of document.querySelectorAll<HTMLElement>(GATED))
      if (mayPass(element)) {
        if (!busy || !(element instanceof HTMLScriptElement)) release(element);
      } else if (element instanceof HTMLIFrameElement) held();
  }
  function next(): void {
    busy = false;
    pump();
  }
  /** What can be stopped is stopped; a script that has run stays, which is told once. */
  function stop(element: HTMLElement): boolean {
    released.delete(element);
    if (element instanceof HTMLScriptElement) return true;
    moveAddress(element, "", "data-");
    if (element instanceof HTMLIFrameElement) element.src = "about:blank";
    return false;
  }

  onChanged(GATED, pump, moved);
  return {
    update() {
      const runsOn = [...released].filter((one) => !mayPass(one)).map(stop);
      pump();
      return runsOn.includes(true);
    },
  };
}
