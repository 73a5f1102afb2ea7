import type { AdapterDefinition, AdapterName } from "../tracker.ts";
import { github } from "./github.ts";
import { jira } from "./jira.ts";
import { pagerduty } from "./pagerduty.ts";
import { securityHub } from "./security-hub.ts";
import { servicenow } from "./servicenow.ts";
import { slack } from "./slack.ts";
import { sns } from "./sns.ts";
import { webhook } from "./webhook.ts";

/** Every adapter there is, by its name: what the policy's routes are checked by, and made with. */
export const adapters: Readonly<Partial<Record<AdapterName, AdapterDefinition>>> = {
  github,
  jira,
  pagerduty,
  "security-hub": securityHub,
  servicenow,
  slack,
  sns,
  webhook,
};
