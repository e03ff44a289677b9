/**
 * GPP's sections about the United States: their fields in order, and what is said in them.
 * https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform/tree/main/Sections
 */
import { base64url, int } from "./bits";

/** One value, or several of the same field. */
type Field = number | number[] | boolean;
export type Fields = Record<string, Field>;

interface Section {
  id: number;
  version: number;
  /** Names, with `*COUNT` where a field is a list. */
  core: string;
  /** Has it a segment of its own about Global Privacy Control? */
  gpc: boolean;
}

const NOTICES = "SaleOptOutNotice TargetedAdvertisingOptOutNotice";
const CHOICES = "SaleOptOut TargetedAdvertisingOptOut";
const MSPA = "MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode";

interface State {
  /** What the first field says was given notice of. */
  notice: "Sharing" | "Processing";
  moreNotice?: string;
  /** How many kinds of sensitive data, and of data of children, are told apart. */
  sensitive: number;
  children?: number;
  additional?: boolean;
  gpc?: boolean;
}

function state(id: number, about: State): Section {
  const core = [
    `Version ${about.notice}Notice ${NOTICES} ${about.moreNotice ?? ""} ${CHOICES}`,
    `SensitiveDataProcessing*${about.sensitive}`,
    `KnownChildSensitiveDataConsents${about.children ? `*${about.children}` : ""}`,
    about.additional === false ? "" : "AdditionalDataProcessingConsent",
    MSPA,
  ];
  return { id, version: 1, core: core.join(" "), gpc: about.gpc !== false };
}

/** The form of sections made since 2025. */
function newState(id: number, children: boolean, gpc: boolean): Section {
  const child = children ? "KnownChildSensitiveDataConsents" : "";
  const mspa = "MspaVersion MspaCoveredTransaction MspaMode";
  const core = `${mspa} ProcessingNotice ${NOTICES} ${CHOICES} ${child} AdditionalDataProcessingConsent`;
  return { id, version: 1, core, gpc };
}

const first = { notice: "Sharing", additional: false } as const;
const processing = { notice: "Processing", sensitive: 8 } as const;

/** By their names in the client interface. */
const SECTIONS: Record<string, Section> = {
  usnat: {
    id: 7,
    version: 2,
    core: `Version SharingNotice SaleOptOutNotice SharingOptOutNotice
      TargetedAdvertisingOptOutNotice SensitiveDataProcessingOptOutNotice
      SensitiveDataLimitUseNotice SaleOptOut SharingOptOut TargetedAdvertisingOptOut
      SensitiveDataProcessing*16 KnownChildSensitiveDataConsents*3 PersonalDataConsents ${MSPA}`,
    gpc: true,
  },
  usca: {
    id: 8,
    version: 1,
    core: `Version SaleOptOutNotice SharingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut
      SharingOptOut SensitiveDataProcessing*9 KnownChildSensitiveDataConsents*2
      PersonalDataConsents ${MSPA}`,
    gpc: true,
  },
  usva: state(9, { ...first, sensitive: 8, gpc: false }),
  usco: state(10, { ...first, sensitive: 7 }),
  usut: state(11, {
    ...first,
    moreNotice: "SensitiveDataProcessingOptOutNotice",
    sensitive: 8,
    gpc: false,
  }),
  usct: state(12, { ...first, sensitive: 8, children: 3 }),
  usfl: state(13, { ...processing, children: 3, gpc: false }),
  usmt: state(14, { notice: "Sharing", sensitive: 8, children: 3 }),
  usor: state(15, { ...processing, sensitive: 11, children: 3 }),
  ustx: state(16, processing),
  usde: state(17, { ...processing, sensitive: 9, children: 5 }),
  usia: state(18, {
    ...processing,
    moreNotice: "SensitiveDataOptOutNotice",
    additional: false,
  }),
  usne: state(19, processing),
  usnh: state(20, { ...processing, children: 3 }),
  usnj: state(21, { ...processing, sensitive: 10, children: 5 }),
  ustn: state(22, processing),
  usmn: state(23, processing),
  usmd: newState(24, false, true),
  usin: newState(25, true, false),
  usky: newState(26, true, false),
  usri: newState(27, true, false),
};

/** What holds for a visitor. */
export interface Said {
  /** Is anything sold or shared, or used for targeted advertising, at all? */
  sells: boolean;
  optedOut: boolean;
  gpc: boolean;
}

const OPT_OUT = /^(Sale|Sharing|TargetedAdvertising)OptOut(Notice)?$/;

/** Yes is 1, no is 2, and 0 stands for what does not apply. */
function saidIn(name: string, version: number, said: Said): number {
  const [, , isNotice] = OPT_OUT.exec(name) ?? [];
  if (name.endsWith("Version")) return version;
  if (OPT_OUT.test(name)) return !said.sells ? 0 : isNotice || said.optedOut ? 1 : 2;
  // Where nothing is shared there is nothing to give notice of.
  if (name === "SharingNotice") return said.sells && !said.optedOut ? 1 : 0;
  if (name === "ProcessingNotice") return 1;
  // Who has signed the IAB's agreement would say so in a version of their own.
  return name === "MspaCoveredTransaction" ? 2 : 0;
}

export interface Encoded {
  id: number;
  name: string;
  /** The fields of each segment. */
  segments: Fields[];
  text: string;
}

/** A section by its name, with its fields and its part of the GPP string; undefined for an unknown one. */
export function encodeSection(name: string, said: Said): Encoded | undefined {
  const section = SECTIONS[name];
  if (!section) return undefined;
  const core: Fields = {};
  let bits = "";
  for (const each of section.core.split(/\s+/).filter(Boolean)) {
    const [field = "", count] = each.split("*");
    const value = saidIn(field, section.version, said);
    core[field] = count ? Array<number>(Number(count)).fill(value) : value;
    bits += int(value, field.endsWith("Version") ? 6 : 2).repeat(Number(count ?? 1));
  }
  const segments: Fields[] = [core];
  const texts = [base64url(bits)];
  if (section.gpc) {
    segments.push({ GpcSegmentType: 1, Gpc: said.gpc });
    texts.push(base64url(int(1, 2) + int(Number(said.gpc), 1)));
  }
  return { id: section.id, name, segments, text: texts.join(".") };
}
