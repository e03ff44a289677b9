/** The page's own forms that agree to documents: the service hears of it before a form goes on. */

/** Longer than this no form waits. */
const PATIENCE = 1500;

export function watchForms(agree: (form: HTMLFormElement) => Promise<unknown>): void {
  const passing = new WeakSet<EventTarget>();
  const hold = (event: SubmitEvent) => {
    const form = event.target as HTMLFormElement;
    if (!form.dataset.consentAgree || passing.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const late = new Promise((go) => setTimeout(go, PATIENCE));
    const goOn = () => {
      passing.add(form);
      form.requestSubmit(event.submitter);
    };
    void Promise.race([agree(form), late]).then(goOn, goOn);
  };
  addEventListener("submit", hold, true);
}
