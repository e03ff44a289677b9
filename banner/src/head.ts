// biome-ignore-all lint/style/useTemplate: concatenation is shorter, and this stands on every page.
/**
 * The head stub: runs before every tag of the page. It tells the defaults, then what a returning
 * visitor's cookie says, and queues questions to the IAB's interfaces until the banner is there.
 * Where it cannot know better it denies: the banner tells what holds as soon as it has loaded.
 *
 * The service puts CONFIG in, and leaves out the sections that a site does not need. Names in
 * CONFIG are short because they stand on every page.
 */
import type { TokenDecision } from "./types";

/** Key, the notice since which it means the same, 1 if it is allowed before the choice, 1 if it is a sale. */
type Purpose = [key: string, since: number, before?: 0 | 1, sale?: 0 | 1];
/** What others ask for, each with the place of its purpose in the list; none there: it is denied. */
type Mapping = Record<string, number>;

declare const CONFIG: {
  /** What stands before the state token among the cookies, after a space. */
  c: string;
  /** Where answers are kept that were not sent yet. */
  q: string;
  p: Purpose[];
  /** Google, UET, Clarity. */
  g: Mapping;
  u: Mapping;
  y: Mapping;
  /** Matomo's command that makes it wait. */
  m: string;
};

const config = CONFIG;
// biome-ignore lint/suspicious/noExplicitAny: queues and functions of others.
const page = window as any;
page.siteConsent = { head: 1 };
/*! {answers */
let answers: Record<string, TokenDecision> | undefined;

/** What a mapping comes to by the answers, where they are known; added to `all`. */
const said = (mapping: Mapping, all: Record<string, unknown> = {}) => {
  for (const name in mapping) {
    const [key, since, before, sale] = config.p[mapping[name] as number] || [""];
    const [value, notice = 0, until] = answers?.[key] || [];
    const allowed =
      before && !(sale && answers)
        ? value !== "denied"
        : value === "granted" &&
          notice >= (since as number) &&
          (!until || until * 1e3 > Date.now());
    all[name] = allowed && !(sale && navigator.globalPrivacyControl) ? "granted" : "denied";
  }
  return all;
};
/*! } */
/*! {google */
page.dataLayer ||= [];
// Google's tags take the arguments object for a command, and an array for data.
const gtag = function () {
  // biome-ignore lint/complexity/noArguments: see above.
  page.dataLayer.push(arguments);
} as (...command: unknown[]) => void;
gtag("set", "ads_data_redaction", true);
gtag("consent", "default", said(config.g, { wait_for_update: 500 }));
/*! } */
/*! {uet */
page.uetq ||= [];
page.uetq.push("consent", "default", said(config.u));
/*! } */
/*! {answers */
// What is not sent yet may take back what the cookie grants. No character of a state token has a
// base64 form in which base64url would differ.
try {
  if (!localStorage[config.q])
    answers = JSON.parse(
      atob(((" " + document.cookie).split(config.c)[1] as string).replace(/\..*/, "")),
    ).purposes;
} catch {}
/*! } */
/*! {google */
if (answers) gtag("consent", "update", said(config.g));
/*! } */
/*! {uet */
if (answers) page.uetq.push("consent", "update", said(config.u));
/*! } */
/*! {clarity */
page.clarity ||= (...command: unknown[]) => {
  // biome-ignore lint/suspicious/noAssignInExpressions: the shortest form, as for all of this.
  (page.clarity.q ||= []).push(command);
};
page.clarity("consentv2", said(config.y));
/*! } */
/*! {matomo */
page._paq ||= [];
page._paq.push([config.m]);
/*! } */
/*! {api */
/** `at` is the callback's place among the arguments: behind the version, where there is one. */
const stub = (name: string, at: 1 | 2, pong: object) => {
  const queue: unknown[][] = [];
  // biome-ignore lint/suspicious/noExplicitAny: any command of the interface.
  page[name] = (...call: any[]) =>
    call[0] === "ping" ? call[at](pong, true) : call[0] ? queue.push(call) : queue;
  const locator = document.createElement("iframe");
  locator.name = name + "Locator";
  document.head.append(locator);
  addEventListener("message", ({ data, source }) => {
    try {
      const text = typeof data === "string";
      const call = (text ? JSON.parse(data) : data)[name + "Call"];
      const answer = (returnValue: unknown, success: boolean) => {
        const told = { [name + "Return"]: { returnValue, success, callId: call.callId } };
        (source as Window).postMessage(text ? JSON.stringify(told) : told, "*");
      };
      if (at > 1) page[name](call.command, call.version, answer, call.parameter);
      else page[name](call.command, answer, call.parameter);
    } catch {}
  });
};
/*! } */
/*! {gpp */
stub("__gpp", 1, {
  gppVersion: "1.1",
  cmpStatus: "stub",
  cmpDisplayStatus: "hidden",
  signalStatus: "not ready",
  supportedAPIs: [],
  cmpId: 0,
  sectionList: [],
  applicableSections: [],
  gppString: "",
  parsedSections: {},
});
/*! } */
/*! {tcf */
stub("__tcfapi", 2, { cmpLoaded: false, cmpStatus: "stub", apiVersion: "2.3" });
/*! } */
