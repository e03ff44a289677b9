/** An event for tag managers, with what is allowed by purpose. */
import { queues, type Signal } from "../signal";

export const signal: Signal = (config, allowed) => {
  const consent = Object.fromEntries(
    config.purposes.map((purpose: string) => [purpose, allowed(purpose)]),
  );
  queues.dataLayer ||= [];
  queues.dataLayer.push({ event: config.event, consent });
};
