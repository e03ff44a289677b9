/**
 * TC strings: the core and the vendors disclosed.
 * https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework
 */
import { ascending, base64url, bitField, flag, int, runs } from "./bits";

/** What a string says. Purposes and vendors have consent; legitimate interest is never claimed. */
export interface Model {
  cmpId: number;
  cmpVersion: number;
  /** The publisher's country and the language of the notice. */
  country: string;
  language: string;
  listVersion: number;
  policyVersion: number;
  /** The moment of the answer, in milliseconds. */
  at: number;
  purposes: readonly number[];
  vendors: readonly number[];
  disclosed: readonly number[];
}

const DAY = 86_400_000;
const SCREEN = 1;

/** Two letters, A to Z as 0 to 25. */
function letters(text: string): string {
  const known = /^[a-z]{2}(?![a-z])/i.test(text) ? text.slice(0, 2) : "en";
  return [...known.toUpperCase()].map((letter) => int(letter.charCodeAt(0) - 65, 6)).join("");
}

/** Vendors as a field of bits or as ranges, whichever is shorter. */
export function vendorList(vendors: readonly number[]): string {
  const ids = ascending(vendors);
  const last = ids.at(-1) ?? 0;
  const ranges = runs(ids).map(([from, to]) =>
    from === to ? `0${int(from, 16)}` : `1${int(from, 16)}${int(to, 16)}`,
  );
  const asField = flag(false) + bitField(ids, last);
  const asRanges = flag(true) + int(ranges.length, 12) + ranges.join("");
  return int(last, 16) + (asRanges.length < asField.length ? asRanges : asField);
}

export function tcString(model: Model): string {
  // Both moments are the same, and the day is all that may be told of them.
  const day = int(Math.floor(model.at / DAY) * (DAY / 100), 36);
  const core = [
    int(2, 6),
    day,
    day,
    int(model.cmpId, 12),
    int(model.cmpVersion, 12),
    int(SCREEN, 6),
    letters(model.language),
    int(model.listVersion, 12),
    int(model.policyVersion, 6),
    flag(true), // service-specific
    flag(true), // in the site's own words
    int(0, 12), // no special feature
    bitField(model.purposes, 24),
    int(0, 24), // no legitimate interest
    flag(false), // purpose 1 is asked about
    letters(model.country),
    vendorList(model.vendors),
    vendorList([]),
    int(0, 12), // no restriction
  ];
  const disclosed = int(1, 3) + vendorList(model.disclosed);
  return `${base64url(core.join(""))}.${base64url(disclosed)}`;
}
