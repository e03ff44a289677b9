/** Meta Pixel. https://developers.facebook.com/docs/meta-pixel/implementation/gdpr */
import { queues, type Signal } from "../signal";

/** The pixel's own snippet does nothing where `fbq` is there already, so nothing is queued for it. */
export const signal: Signal = (config, allowed) => {
  queues.fbq?.("consent", allowed(config.purpose) ? "grant" : "revoke");
};
