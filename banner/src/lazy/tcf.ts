/** The IAB's Transparency and Consent Framework, 2.3: `__tcfapi`. */
import { follow, listeners, takeOver, type Visit } from "./page";
import { type Model, tcString } from "./tcstring";

/** What the variant says, resolved from site.yaml and the pinned vendor list. */
interface Config {
  cmp_id: number;
  cmp_version: number;
  country: string;
  list_version: number;
  policy_version: number;
  /** IAB purposes by purpose, and vendors by service. */
  purposes: Record<string, number[]>;
  vendors: Record<string, number>;
}

type Callback = (answer: unknown, success: boolean) => void;
type EventStatus = "tcloaded" | "cmpuishown" | "useractioncomplete";

const API_VERSION = "2.3";

const truths = (numbers: Iterable<number>) =>
  Object.fromEntries([...numbers].map((number) => [number, true]));

/** Those for which all that stand for them are allowed. */
function granted(parts: [numbers: number[], allowed: boolean][]): number[] {
  const denied = new Set(parts.flatMap(([numbers, allowed]) => (allowed ? [] : numbers)));
  return parts.flatMap(([numbers]) => numbers.filter((number) => !denied.has(number)));
}

export function start(visit: Visit): void {
  const { notice } = visit;
  const { signals: { tcf } = {} } = notice;
  const config = tcf as Config;
  const applies = notice.model === "opt-in";
  const kept = listeners<Callback>();
  let visible = false;
  let answered = !!visit.facts().token;
  let status: EventStatus | undefined = !applies || answered ? "tcloaded" : undefined;

  function model(): Model {
    const { purposes, vendors } = config;
    const { token, now } = visit.facts();
    const owner = (service: string) =>
      notice.services.find(({ key }) => key === service)?.purpose ?? "";
    return {
      cmpId: config.cmp_id,
      cmpVersion: config.cmp_version,
      country: config.country,
      language: notice.locale,
      listVersion: config.list_version,
      policyVersion: config.policy_version,
      at: (token?.iat ?? now) * 1000,
      disclosed: Object.values(vendors),
      purposes: granted(
        Object.entries(purposes).map(([key, numbers]) => [numbers, visit.allows(key)]),
      ),
      vendors: granted(
        Object.entries(vendors).map(([key, id]) => [[id], visit.allows(owner(key), key)]),
      ),
    };
  }

  const about = {
    cmpId: config.cmp_id,
    cmpVersion: config.cmp_version,
    gdprApplies: applies,
    tcfPolicyVersion: config.policy_version,
  };

  function ping() {
    return {
      ...about,
      cmpLoaded: true,
      cmpStatus: "loaded",
      displayStatus: visible ? "visible" : "hidden",
      apiVersion: API_VERSION,
      gvlVersion: config.list_version,
    };
  }

  /** What vendors read. Before the first answer there is no string, and nothing is granted. */
  function data(listenerId: number) {
    const common = { ...about, eventStatus: status, cmpStatus: "loaded", listenerId };
    if (!applies) return common;
    const said = model();
    return {
      ...common,
      tcString: answered ? tcString(said) : "",
      isServiceSpecific: true,
      useNonStandardTexts: true,
      publisherCC: config.country,
      purposeOneTreatment: false,
      purpose: { consents: truths(answered ? said.purposes : []), legitimateInterests: {} },
      vendor: {
        consents: truths(answered ? said.vendors : []),
        legitimateInterests: {},
        disclosedVendors: truths(said.disclosed),
      },
      specialFeatureOptins: {},
      publisher: {
        consents: {},
        legitimateInterests: {},
        customPurpose: { consents: {}, legitimateInterests: {} },
        restrictions: {},
      },
    };
  }

  function tell(next: EventStatus): void {
    status = next;
    for (const [id, callback] of kept.all()) callback(data(id), true);
  }

  function answer(command: string, version: number, callback?: Callback, parameter?: unknown) {
    const told = callback ?? (() => {});
    if (version && version !== 2) told(null, false);
    else if (command === "ping") told(ping(), true);
    else if (command === "removeEventListener") told(kept.remove(parameter), true);
    else if (command !== "addEventListener") told(null, false);
    else {
      const id = kept.add(told);
      if (status) told(data(id), true);
    }
  }

  function changed(): void {
    visible = false;
    answered = true;
    if (applies) tell("useractioncomplete");
  }

  function shown(): void {
    visible = true;
    if (applies) tell("cmpuishown");
  }

  takeOver("__tcfapi", answer);
  follow(visit, changed, shown);
}
