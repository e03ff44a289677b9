/** Tells the site's other tabs that something was chosen. */
export function openTabs(name: string, heard: () => void): { tell(): void } {
  let channel: BroadcastChannel;
  const join = () => {
    channel = new BroadcastChannel(name);
    channel.onmessage = heard;
  };
  join();
  // An open channel would keep the page out of the back-forward cache.
  addEventListener("pagehide", () => channel.close());
  addEventListener("pageshow", (event) => event.persisted && join());
  return { tell: () => channel.postMessage("") };
}
