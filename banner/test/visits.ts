import type { Visit } from "../src/lazy/page";
import { allows, resolve } from "../src/state";
import type { Notice, TokenDecision } from "../src/types";
import type { Stage } from "../src/view/stage";
import { aToken, NOW } from "./samples";

interface More {
  services?: Record<string, boolean>;
  gpc?: boolean;
  /** Has the visitor answered before? One who is allowed something has. */
  known?: boolean;
  /** Is the first layer up? */
  asks?: boolean;
}

const decision = (granted: boolean): TokenDecision => [granted ? "granted" : "denied", 3, 0];

/** The visit of somebody who allowed these purposes, a list that may change, and refused others. */
export function aVisit(notice: Notice, allowed: string[] = [], more: More = {}): Visit {
  function facts() {
    const purposes = notice.purposes.map(({ key }) => [key, decision(allowed.includes(key))]);
    const services = Object.entries(more.services ?? {});
    const token = aToken(Object.fromEntries(purposes), {
      services: Object.fromEntries(services.map(([key, granted]) => [key, decision(granted)])),
    });
    const known = more.known !== false || allowed.length > 0;
    return { notice, token: known ? token : undefined, kept: [], gpc: !!more.gpc, now: NOW };
  }
  return {
    notice,
    facts,
    allows: (purpose = "", service) => allows(resolve(facts()), purpose, service),
    ...(more.asks && { stage: { asks: () => true } as Stage }),
  };
}

export const change = () => document.dispatchEvent(new Event("consent:change"));
export const openPreferences = () => document.dispatchEvent(new Event("consent:open"));
