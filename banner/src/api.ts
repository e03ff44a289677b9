/** `window.siteConsent`: what the page's own code may use. Its types are in site-consent.d.ts. */
import type { SiteConsent } from "../site-consent";
import type { Core } from "./core";

export interface Api extends SiteConsent {
  announce(event: string): void;
}

export function openApi(core: () => Core, started: Promise<unknown>): Api {
  const listeners = new Set<Parameters<SiteConsent["onChange"]>[0]>();
  const once =
    <Given extends unknown[]>(act: (core: Core, ...given: Given) => Promise<void>) =>
    (...given: Given) =>
      started.then(() => act(core(), ...given));
  return {
    ready: started.then(() => core().values()),
    get state() {
      return core().values();
    },
    get reference() {
      return core().reference;
    },
    granted: (purpose) => core().allows(purpose),
    open: once((core) => core.open()),
    accept: once((core) => core.act({ action: "accept" })),
    reject: once((core) => core.act({ action: "reject" })),
    choose: once((core, decisions, services = {}) =>
      core.act({ action: "choose", decisions, services }),
    ),
    withdraw: once(async (core, purposes?: string[]) => {
      const decisions = purposes && Object.fromEntries(purposes.map((key) => [key, false]));
      // An empty list is nothing, not everything.
      if (purposes?.length !== 0) await core.act({ action: "withdraw", decisions });
    }),
    agree: once((core, kinds?: string[]) => core.agree(undefined, kinds)),
    identify: once(async (core, assertion) =>
      (await core.load<typeof import("./lazy/records")>("r")).identify(core, assertion),
    ),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    announce(event) {
      const state = core().values();
      if (event === "change")
        for (const listener of listeners)
          try {
            listener(state);
          } catch (problem) {
            console.error(problem);
          }
      document.dispatchEvent(new CustomEvent(`consent:${event}`, { detail: { state } }));
    },
  };
}
