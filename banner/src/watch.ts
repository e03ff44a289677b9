/** Elements that match a selector, also those added later. */
export function onAdded(selector: string, found: () => void): MutationObserver {
  const matches = (node: Node) =>
    node instanceof Element && (node.matches(selector) || node.querySelector(selector) !== null);
  const observer = new MutationObserver((records) => {
    if (records.some((record) => Array.from(record.addedNodes).some(matches))) found();
  });
  observer.observe(document.documentElement, { childList: true, subtree: true });
  return observer;
}
