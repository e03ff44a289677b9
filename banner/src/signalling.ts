/** Tells the tags of others what is allowed: the default first, then once per act what holds. */
import type { Core } from "./core";
import type { Signal } from "./signal";

/** What they were told last: the purposes that are allowed, and all values. */
let told: [string[], string] | undefined;

export function signal(core: Core, signals: Record<string, Signal>): void {
  const { notice, state, values } = core;
  const facts = core.facts();
  if (!notice?.signals) return;
  const allowed = notice.purposes.map(({ key }) => key).filter((key) => core.allows(key));
  const pending = Object.values(state.purposes).some((one) => one.pending);
  const ended = told?.[0].some((key) => !allowed.includes(key));
  const all = JSON.stringify([allowed, values()]);
  if (all === told?.[1] || (pending && told && !ended)) return;
  const before = core.resolve({ ...facts, token: undefined, kept: [] });
  const { head } = notice.signals;
  // The head stub denies what it cannot know, such as answers that are not sent yet.
  const isKnown = facts.token || facts.kept.length || head;
  for (const [name, tell] of Object.entries(signals)) {
    const config = notice.signals[name];
    if (!config) continue;
    if (!told && !head) tell(config, (key = "") => !!before.purposes[key]?.allowed, true);
    if (told || isKnown) tell(config, (key) => core.allows(key), false);
  }
  if (!told)
    for (const [name, part] of Object.entries({ gpp: "g", tcf: "t" }))
      if (notice.signals[name])
        void core
          .load<{ start(core: Core): void }>(part)
          .then(({ start }) => start(core), console.warn);
  told = [allowed, all];
}
