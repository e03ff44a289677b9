/** The page's own forms that agree to documents: the service hears of it before a form goes on. */

/** Longer than this no form waits. */
const PATIENCE = 1500;

export type Fields = Record<string, string | undefined>;

function fill(form: HTMLFormElement, fields: Fields): void {
  for (const [name, value] of Object.entries(fields)) {
    form.querySelector(`input[type=hidden][name=${name}]`)?.remove();
    if (!value) continue;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
}

function submit(form: HTMLFormElement, by: HTMLElement | null): void {
  try {
    form.requestSubmit(by);
  } catch {
    form.submit();
  }
}

/**
 * Calls `agree` with the kinds that a form names, and lets the form go on with the fields it
 * returns. It has to return soon after its signal aborts.
 */
export function watchForms(
  agree: (kinds: string[], patience: AbortSignal) => Promise<Fields>,
): void {
  const waiting = new WeakSet<HTMLFormElement>();
  const passing = new WeakSet<HTMLFormElement>();

  async function hold(form: HTMLFormElement, kinds: string[], by: HTMLElement | null) {
    waiting.add(form);
    const patience = new AbortController();
    setTimeout(() => patience.abort(), PATIENCE);
    fill(form, await agree(kinds, patience.signal).catch(() => ({})));
    waiting.delete(form);
    passing.add(form);
    submit(form, by);
  }

  const heard = (event: SubmitEvent) => {
    const form = event.target as HTMLFormElement;
    const kinds = form.dataset.consentAgree?.split(/\s+/).filter(Boolean) ?? [];
    if (!kinds.length || passing.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!waiting.has(form)) void hold(form, kinds, event.submitter);
  };
  addEventListener("submit", heard, { capture: true });
}
