// The cases by which the service is tested too: both have to judge alike.
import { expect, test } from "vitest";
import file from "../../tests/support/standing_cases.json";
import { allows, documentsToAsk, purposesToAsk, resolve, whatToAsk } from "../src/state";
import type { Notice, StateValue, Token, TokenDecision } from "../src/types";
import { aNotice, aToken, NOW } from "./samples";

interface Case {
  name: string;
  terms: string;
  token: Partial<Token>;
  gpc?: boolean;
  purposes: Record<string, [boolean, string]>;
  services?: Record<string, boolean>;
  asked: string[];
}

const shared = file as unknown as { terms: Record<string, Partial<Notice>>; cases: Case[] };

/** What pages are told: the visitor's word, or that there is none. The service says why, too. */
const VALUES: Record<string, StateValue> = {
  ...{ granted: "granted", not_subject: "not_subject" },
  ...{ undecided: "undecided", expired: "undecided", changed: "undecided" },
};

/** Times are in days from now; an end of 0 is never. */
const inDays = (days: number) => NOW + Math.round(days * 86400);

function decisions(from: Record<string, TokenDecision> = {}): Record<string, TokenDecision> {
  const read = ([value, notice, until, ...override]: TokenDecision): TokenDecision => [
    value,
    notice,
    until && inDays(until),
    ...override,
  ];
  return Object.fromEntries(Object.entries(from).map(([key, one]) => [key, read(one)]));
}

function tokenOf({ purposes, services, documents = {}, objected }: Partial<Token>): Token {
  return aToken(decisions(purposes), {
    services: decisions(services),
    documents,
    objected: objected === undefined ? 0 : inDays(objected),
  });
}

test.each(shared.cases)("$name", (one) => {
  const notice = aNotice(shared.terms[one.terms]);
  const token = tokenOf(one.token);
  const state = resolve({ notice, token, kept: [], gpc: one.gpc ?? false, now: NOW });
  for (const [key, [allowed, why]] of Object.entries(one.purposes))
    expect(state.purposes[key]).toMatchObject({ allowed, value: VALUES[why] ?? "denied" });
  for (const { key, purpose } of notice.services)
    expect([key, allows(state, purpose, key)]).toEqual([key, one.services?.[key]]);
  const purposes = purposesToAsk(notice, state).map(({ key }) => key);
  const documents = documentsToAsk(notice, state).map(({ kind }) => kind);
  expect([...purposes, ...documents]).toEqual(one.asked);
  const first = purposes.length ? "choice" : documents.length ? "documents" : undefined;
  expect(whatToAsk(notice, state)).toBe(first);
});
