/** Google Consent Mode v2. https://developers.google.com/tag-platform/security/guides/consent */
import { queues, type Signal, type Word, wordOf } from "../signal";

const KEYS = "ad_storage ad_user_data ad_personalization analytics_storage";
const MORE = "functionality_storage personalization_storage security_storage";

function gtag(..._command: unknown[]): void {
  queues.dataLayer ||= [];
  // Google's tags take the arguments object for a command, and an array for data.
  // biome-ignore lint/complexity/noArguments: see above.
  queues.dataLayer.push(arguments);
}

export const signal: Signal = (config, allowed, first) => {
  const values: Record<string, Word | number> = {};
  for (const key of `${KEYS} ${MORE}`.split(" "))
    values[key] = wordOf(key in config ? allowed(config[key]) : key === "security_storage");
  if (first) {
    gtag("set", "ads_data_redaction", true);
    gtag("set", "url_passthrough", false);
    values.wait_for_update = 500;
  }
  gtag("consent", first ? "default" : "update", values);
};
