/** Calls back when elements that match were added, and where any element went or came. */
export function onChanged(selector: string, found: () => void, moved?: () => void): void {
  const matches = (node: Node) =>
    node instanceof Element && (node.matches(selector) || node.querySelector(selector));
  new MutationObserver((records) => {
    if (records.some(({ addedNodes }) => Array.from(addedNodes).some(matches))) found();
    moved?.();
  }).observe(document, { childList: true, subtree: true });
}

/** Does what can wait when the page has time for it. */
export const idle = (work: () => void) => void (window.requestIdleCallback ?? setTimeout)(work);

/** Rejects where work takes longer than so many milliseconds. */
export const soon = <Result>(work: Promise<Result>, limit = 15000): Promise<Result> =>
  Promise.race([work, new Promise<never>((_, fail) => setTimeout(fail, limit, "too slow"))]);
