import type { AdapterDefinition, AdapterName } from "../tracker.ts";
import { jira } from "./jira.ts";
import { pagerduty } from "./pagerduty.ts";
import { servicenow } from "./servicenow.ts";
import { sns } from "./sns.ts";
import { webhook } from "./webhook.ts";

/** Every adapter there is, by its name: what the policy's routes are checked by, and made with. */
export const adapters: Readonly<Partial<Record<AdapterName, AdapterDefinition>>> = {
  jira,
  pagerduty,
  servicenow,
  sns,
  webhook,
};
