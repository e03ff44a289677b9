/** Microsoft Clarity. https://learn.microsoft.com/clarity/setup-and-installation/clarity-consent-api-v2 */
import { type Queues, queues, type Signal, wordOf } from "../signal";

export const signal: Signal = (config, allowed) => {
  queues.clarity ||= function queue(...command) {
    const own = queue as NonNullable<Queues["clarity"]>;
    own.q ||= [];
    own.q.push(command);
  };
  queues.clarity("consentv2", {
    ad_Storage: wordOf(allowed(config.ad_Storage)),
    analytics_Storage: wordOf(allowed(config.analytics_Storage)),
  });
};
