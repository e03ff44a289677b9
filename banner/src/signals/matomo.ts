/** Matomo. https://developer.matomo.org/guides/tracking-consent */
import { queues, type Signal } from "../signal";

let given: boolean | undefined;

export const signal: Signal = (config, allowed, first) => {
  const what = config.asks === "tracking" ? "Consent" : "CookieConsent";
  const tell = (name: string) => {
    queues._paq ||= [];
    queues._paq.push([name]);
  };
  const now = allowed(config.purpose);
  if (first) tell(`require${what}`);
  if (now && !given) tell(`set${what}Given`);
  // Matomo keeps a cookie about what it is told to forget: it is told so after consent only.
  if (!now && !first && given !== false) tell(`forget${what}Given`);
  given = now;
};
