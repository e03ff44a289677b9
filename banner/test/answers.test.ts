import { expect, test, vi } from "vitest";
import { type Act, asRefusal, keep } from "../src/answers";
import { resolve } from "../src/state";
import { aDocument, aKept, aNotice, aPurpose, aToken, NOW } from "./samples";

vi.useFakeTimers({ now: new Date("2026-11-23T10:00:00.000Z"), toFake: ["Date"] });

function said(act: Act, { notice = aNotice(), gpc = false, token = aToken({}) } = {}) {
  const state = resolve({ notice, token, kept: [], gpc, now: NOW });
  return keep(act, notice, state, gpc);
}

test("accept and reject speak about every purpose that leaves a choice", () => {
  expect(said({ action: "accept", layer: 1 }).chosen).toEqual({ analytics: true, marketing: true });
  expect(said({ action: "reject", layer: 1 }).chosen).toEqual({
    analytics: false,
    marketing: false,
  });
});

test("an answer holds nothing that was not said", () => {
  const { answer, at } = said({ action: "accept", layer: 1 });
  expect(Object.keys(answer).sort()).toEqual(
    ["action", "banner", "key", "layer", "locale", "method", "notice", "variant"].sort(),
  );
  expect(answer).toMatchObject({
    notice: 3,
    variant: "ab",
    locale: "en",
    method: "banner",
    layer: 1,
  });
  expect(at).toBe("2026-11-23T10:00:00.000Z");
});

test("each answer has a key of its own, by which the service knows it again", () => {
  const keys = [1, 2].map(() => said({ action: "accept" }).answer.key);
  expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(keys[1]).not.toBe(keys[0]);
});

test("services are named beside decisions, or speak for themselves", () => {
  const services = { tally: false };
  const both = said({ action: "choose", decisions: { analytics: true }, services, layer: 2 });
  expect([both.answer.services, both.services, both.chosen]).toEqual([
    ...[services, services, { analytics: true }],
  ]);
  const alone = said({ action: "choose", services });
  expect([alone.answer.decisions, alone.answer.services, alone.chosen]).toEqual([
    ...[undefined, services, {}],
  ]);
});

test("preferences name each decision and their own layer", () => {
  const decisions = { analytics: true, marketing: false };
  const { answer, chosen } = said({ action: "choose", decisions, layer: 2 });
  expect(answer).toMatchObject({ decisions, method: "preferences", layer: 2 });
  expect(chosen).toEqual(decisions);
});

test("the opt-out signal goes along, and accepting does not grant what it switches off", () => {
  const { answer, chosen } = said({ action: "accept", layer: 1 }, { gpc: true });
  expect(answer.signals).toEqual({ gpc: true });
  expect(chosen).toEqual({ analytics: true, marketing: false });
});

test("agreement names versions and grants nothing", () => {
  const documents = [aDocument("terms", { accept: "agree" })];
  const notice = aNotice({ model: "notice", purposes: [], documents });
  const { answer, chosen, agreed } = said({ action: "agree", documents, layer: 1 }, { notice });
  expect([answer.documents, chosen, agreed]).toEqual([{ terms: 2 }, {}, { terms: 2 }]);
});

test("a form names what is agreed to, whatever the notice asks", () => {
  const { answer } = said({ action: "agree", documents: [aDocument("privacy-policy")] });
  expect(answer).toMatchObject({ documents: { "privacy-policy": 2 }, method: "banner" });
  expect(answer.layer).toBeUndefined();
});

test("a sale that is allowed against the signal says that it is meant", () => {
  const act = (marketing: boolean): Act => ({ action: "choose", decisions: { marketing } });
  expect(said(act(true), { gpc: true }).answer.signals).toEqual({ gpc: true, override: true });
  expect(said(act(false), { gpc: true }).answer.signals).toEqual({ gpc: true });
  expect(said(act(true)).answer.signals).toBeUndefined();
});

test("withdrawing everything ends agreements, withdrawing a purpose does not", () => {
  const token = aToken({}, { documents: { terms: [2, 3] } });
  expect(said({ action: "withdraw" }, { token }).agreed).toEqual({ terms: 0 });
  const one = said({ action: "withdraw", decisions: { analytics: false } }, { token });
  expect([one.agreed, one.chosen]).toEqual([{}, { analytics: false }]);
});

test("withdrawing what was never granted is a refusal", () => {
  const meant = (act: Act, more: object = {}, notice = aNotice()) =>
    asRefusal(act, notice, resolve({ notice, kept: [], gpc: false, now: NOW, ...more })).action;
  const one: Act = { action: "withdraw", decisions: { analytics: false } };
  const token = aToken({ analytics: ["granted", 3, 0] });
  expect([meant({ action: "withdraw" }), meant(one)]).toEqual(["reject", "choose"]);
  expect(meant(one, { kept: [aKept("k", { analytics: true })] })).toBe("choose");
  expect([meant({ action: "withdraw" }, { token }), meant(one, { token })]).toEqual([
    "withdraw",
    "withdraw",
  ]);
  const agreed = aToken({}, { documents: { terms: [2, 3] } });
  expect(meant({ action: "withdraw" }, { token: agreed })).toBe("withdraw");
  const purposes = [aPurpose("analytics", { before_choice: "allowed" })];
  expect(meant(one, {}, aNotice({ model: "opt-out", purposes }))).toBe("choose");
  expect(meant({ action: "withdraw" }, {}, aNotice({ model: "notice", purposes: [] }))).toBe(
    "withdraw",
  );
});
