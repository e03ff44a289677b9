import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Fields, watchForms } from "../src/forms";

type Agree = (kinds: string[], patience: AbortSignal) => Promise<Fields>;

let agree: Agree;
const asked: string[][] = [];
watchForms((kinds, patience) => {
  asked.push(kinds);
  return agree(kinds, patience);
});

function aForm(kinds?: string): { form: HTMLFormElement; gone: string[][] } {
  const form = document.createElement("form");
  form.innerHTML = "<button name=pay value=now></button>";
  if (kinds !== undefined) form.dataset.consentAgree = kinds;
  document.body.append(form);
  const gone: string[][] = [];
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    gone.push([...form.querySelectorAll("input")].map(({ name, value }) => `${name}=${value}`));
  });
  return { form, gone };
}

beforeEach(() => {
  vi.useFakeTimers();
  agree = async () => ({ consent_agreed: "terms@2", consent_reference: "ABC" });
});
afterEach(() => {
  vi.useRealTimers();
  asked.length = 0;
  document.body.replaceChildren();
});

test("a form goes on once, with what was agreed and by which name", async () => {
  const { form, gone } = aForm(" terms  privacy-policy ");
  form.querySelector("button")?.click();
  form.querySelector("button")?.click();
  expect(gone).toEqual([]);
  await vi.runAllTimersAsync();
  expect(asked).toEqual([["terms", "privacy-policy"]]);
  expect(gone).toEqual([["consent_agreed=terms@2", "consent_reference=ABC"]]);
});

test("a second time it is asked anew, and its fields are those of then", async () => {
  const { form, gone } = aForm("terms");
  form.requestSubmit();
  await vi.runAllTimersAsync();
  agree = async () => ({ consent_agreed: "terms@3", consent_reference: undefined });
  form.requestSubmit();
  await vi.runAllTimersAsync();
  expect(gone.at(-1)).toEqual(["consent_agreed=terms@3"]);
});

test("a form that names nothing is left alone", () => {
  for (const kinds of [undefined, "", "  "]) {
    const { form, gone } = aForm(kinds);
    form.requestSubmit();
    expect(gone).toEqual([[]]);
  }
  expect(asked).toEqual([]);
});

test("a form goes on when agreeing fails", async () => {
  agree = () => Promise.reject(new Error("down"));
  const { form, gone } = aForm("terms");
  form.requestSubmit();
  await vi.runAllTimersAsync();
  expect(gone).toEqual([[]]);
});

test("patience ends after a second and a half", async () => {
  agree = (_, patience) =>
    new Promise((go) =>
      patience.addEventListener("abort", () => go({ consent_agreed: "terms@2" })),
    );
  const { form, gone } = aForm("terms");
  form.requestSubmit();
  await vi.advanceTimersByTimeAsync(1499);
  expect(gone).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(gone).toEqual([["consent_agreed=terms@2"]]);
});
