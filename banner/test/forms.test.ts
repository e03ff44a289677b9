import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchForms } from "../src/forms";

const agree = vi.fn<(form: HTMLFormElement) => Promise<unknown>>();
watchForms(agree);

function aForm(kinds?: string) {
  const form = document.createElement("form");
  form.innerHTML = "<button name=pay value=now></button>";
  if (kinds !== undefined) form.dataset.consentAgree = kinds;
  document.body.append(form);
  const gone: (string | undefined)[] = [];
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    gone.push((event.submitter as HTMLButtonElement | null)?.name);
  });
  return { form, gone };
}

beforeEach(() => {
  vi.useFakeTimers();
  agree.mockReset().mockResolvedValue(undefined);
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

test("a form goes on by the button that was pressed, once the service has heard", async () => {
  let heard = (): void => {};
  agree.mockReturnValue(new Promise<void>((go) => (heard = go)));
  const { form, gone } = aForm("terms");
  form.querySelector("button")?.click();
  await vi.advanceTimersByTimeAsync(100);
  expect([agree.mock.calls, gone]).toEqual([[[form]], []]);
  heard();
  await vi.advanceTimersByTimeAsync(0);
  expect(gone).toEqual(["pay"]);
});

test("the second time it is asked anew", async () => {
  const { form, gone } = aForm("terms");
  for (const times of [1, 2]) {
    form.requestSubmit();
    await vi.runAllTimersAsync();
    expect([agree.mock.calls.length, gone.length]).toEqual([times, times]);
  }
});

test("a form that names nothing is left alone", () => {
  for (const kinds of [undefined, ""]) {
    const { form, gone } = aForm(kinds);
    form.requestSubmit();
    expect(gone).toHaveLength(1);
  }
  expect(agree).not.toHaveBeenCalled();
});

test("a form goes on when agreeing fails", async () => {
  agree.mockRejectedValue(new Error("down"));
  const { form, gone } = aForm("terms");
  form.requestSubmit();
  await vi.runAllTimersAsync();
  expect(gone).toHaveLength(1);
});

test("patience ends after a second and a half", async () => {
  agree.mockReturnValue(new Promise(() => {}));
  const { form, gone } = aForm("terms");
  form.requestSubmit();
  await vi.advanceTimersByTimeAsync(1499);
  expect(gone).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(gone).toHaveLength(1);
});
