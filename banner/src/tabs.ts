/** Tells the site's other tabs that something was chosen. */
export function openTabs(name: string, heard: () => void): { tell(): void } {
  let channel: BroadcastChannel | undefined;
  const join = () => {
    if (typeof BroadcastChannel === "undefined") return;
    channel = new BroadcastChannel(name);
    channel.onmessage = heard;
  };
  join();
  // An open channel would keep the page out of the back-forward cache.
  addEventListener("pagehide", () => channel?.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) join();
  });
  return { tell: () => channel?.postMessage("changed") };
}
