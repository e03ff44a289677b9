/** The page's own forms that agree to documents: the service hears of it before a form goes on. */

import { soon } from "./watch";

/** Longer than this no form waits. */
const PATIENCE = 1500;

export function watchForms(agree: (form: HTMLFormElement) => Promise<unknown>): void {
  const passing = new WeakSet<EventTarget>();
  const waiting = new WeakSet<EventTarget>();
  const hold = (event: SubmitEvent) => {
    const form = event.target as HTMLFormElement;
    if (!form.dataset.consentAgree || passing.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waiting.has(form)) return;
    waiting.add(form);
    const goOn = () => {
      passing.add(form);
      waiting.delete(form);
      form.requestSubmit(event.submitter);
    };
    void soon(agree(form), PATIENCE).then(goOn, goOn);
  };
  addEventListener("submit", hold, true);
}
