/** Microsoft Advertising. https://help.ads.microsoft.com/apex/index/3/en/60119 */
import { queues, type Signal, wordOf } from "../signal";

export const signal: Signal = (config, allowed, first) => {
  queues.uetq ||= [];
  queues.uetq.push("consent", first ? "default" : "update", {
    ad_storage: wordOf(allowed(config.ad_storage)),
  });
};
