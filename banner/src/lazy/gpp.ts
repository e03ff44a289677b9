/** The IAB's Global Privacy Platform, in the sections about the United States: `__gpp`. */
import { base64url, fibonacci, flag, int, runs } from "./bits";
import { follow, listeners, takeOver, type Visit } from "./page";
import { type Encoded, encodeSection } from "./us";

/** What the variant says; no section where the visitor's law has none. */
interface Config {
  cmp_id: number;
  sections: string[];
}

type Callback = (answer: unknown, success: boolean) => void;

/** GPP's client interface: https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform */
const API_VERSION = "1.1";
/** In `applicableSections`: none of them is. */
const NONE = 0;

/** The string: a header with the ids of its sections, then the sections. */
export function gppString(sections: readonly Encoded[]): string {
  let last = 0;
  const ids = runs(sections.map(({ id }) => id));
  const entries = ids.map(([from, to]) => {
    const start = fibonacci(from - last);
    last = to;
    return flag(to > from) + start + (to > from ? fibonacci(to - from) : "");
  });
  const header = int(3, 6) + int(1, 6) + int(ids.length, 12) + entries.join("");
  return [base64url(header), ...sections.map(({ text }) => text)].join("~");
}

export function start(visit: Visit): void {
  const { notice } = visit;
  const { signals: { gpp } = {} } = notice;
  const { cmp_id, sections: names } = gpp as Config;
  const kept = listeners<Callback>();
  let visible = false;
  let sections: Encoded[] = [];

  function read(): void {
    const sales = notice.purposes.filter((purpose) => purpose.sale_or_sharing);
    const optedOut = !sales.every(({ key }) => visit.allows(key));
    const said = { sells: sales.length > 0, optedOut, gpc: visit.facts().gpc };
    sections = names
      .flatMap((name) => encodeSection(name, said) ?? [])
      .sort((one, other) => one.id - other.id);
  }

  const find = (name: unknown) => sections.find((section) => section.name === name);

  /** The value of a field such as `usnat.SaleOptOut`; null where there is none. */
  function field(path: unknown) {
    const [name, key = ""] = String(path).split(".");
    return Object.assign({}, ...(find(name)?.segments ?? []))[key] ?? null;
  }

  function ping() {
    const ids = sections.map(({ id }) => id);
    return {
      gppVersion: API_VERSION,
      cmpStatus: "loaded",
      cmpDisplayStatus: visible ? "visible" : "hidden",
      signalStatus: "ready",
      supportedAPIs: sections.map(({ id, name }) => `${id}:${name}`),
      cmpId: cmp_id,
      sectionList: ids,
      applicableSections: ids.length ? ids : [NONE],
      gppString: gppString(sections),
      parsedSections: Object.fromEntries(sections.map((each) => [each.name, each.segments])),
    };
  }

  const event = (eventName: string, listenerId: unknown, data: unknown) => ({
    eventName,
    listenerId,
    data,
    pingData: ping(),
  });

  function tell(eventName: string, data: unknown): void {
    for (const [id, callback] of kept.all()) callback(event(eventName, id, data), true);
  }

  const commands: Record<string, (callback: Callback, parameter: unknown) => unknown> = {
    ping,
    addEventListener: (callback) => event("listenerRegistered", kept.add(callback), true),
    removeEventListener: (_, id) => event("listenerRemoved", id, kept.remove(id)),
    hasSection: (_, name) => !!find(name),
    getSection: (_, name) => find(name)?.segments ?? null,
    getField: (_, path) => field(path),
  };

  function answer(command: string, callback?: Callback, parameter?: unknown): void {
    const told = callback ?? (() => {});
    const reply = Object.hasOwn(commands, command) ? commands[command]?.(told, parameter) : null;
    told(reply, reply !== null);
  }

  function show(now: boolean): void {
    if (visible === now) return;
    visible = now;
    tell("cmpDisplayStatus", now ? "visible" : "hidden");
  }

  function changed(): void {
    const before = gppString(sections);
    read();
    show(false);
    if (gppString(sections) !== before)
      for (const { name } of sections) tell("sectionChange", name);
  }

  read();
  takeOver("__gpp", answer);
  tell("cmpStatus", "loaded");
  tell("signalStatus", "ready");
  follow(visit, changed, () => show(true));
}
