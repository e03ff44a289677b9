/** Rules for notices under which something runs until the visitor objects. */
import { type Facts, isRefused, runsUnasked } from "./state";

const DAY = 86400;

/** An opt-out from one sale holds for sales that come later. */
export function hasOptedOut(facts: Facts): boolean {
  return !!facts.notice?.purposes.some(
    (one) =>
      one.sale_or_sharing &&
      runsUnasked(one) &&
      (facts.token?.purposes[one.key]?.[0] === "denied" || isRefused(facts, one.key)),
  );
}

/** Whether the visitor objected too short ago to be asked again (Cal. Civ. Code 1798.135). */
export function isQuiet({ notice, token, kept, now }: Facts): boolean {
  const days = notice?.lifetime?.quiet_days;
  // Without a rest this browser's clock, which may be slow, has no say.
  if (!days) return false;
  const refusals = kept.filter(({ chosen }) => Object.values(chosen).includes(false));
  const moments = refusals.map(({ at }) => Date.parse(at) / 1000);
  return now < Math.max(token?.objected ?? 0, ...moments) + days * DAY;
}
