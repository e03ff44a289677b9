/** Tells the site's other tabs that something was chosen. */
import { idle } from "./watch";

export function openTabs(name: string, heard: () => void): { tell(): void } {
  let channel: BroadcastChannel | undefined;
  const join = () => {
    channel = new BroadcastChannel(name);
    channel.onmessage = heard;
  };
  idle(join);
  // An open channel would keep the page out of the back-forward cache.
  addEventListener("pagehide", () => channel?.close());
  addEventListener("pageshow", (event) => event.persisted && join());
  return { tell: () => channel?.postMessage("") };
}
