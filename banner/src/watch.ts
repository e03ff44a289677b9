/** Calls back when elements that match were added, and where any element went or came. */
export function onChanged(selector: string, found: () => void, moved?: () => void) {
  const matches = (node: Node) =>
    node instanceof Element && (node.matches(selector) || node.querySelector(selector));
  const observer = new MutationObserver((records) => {
    if (records.some(({ addedNodes }) => Array.from(addedNodes).some(matches))) found();
    moved?.();
  });
  observer.observe(document, { childList: true, subtree: true });
  return observer;
}
