import type { Detection, WatchingControl } from "../../shared/control.ts";
import { findingId } from "../../shared/ids.ts";
import { type RootKeysState, rootKeysOf } from "../../shared/resources/root-keys.ts";
import type { ConditionFacts, Finding, ResourceRef } from "../../shared/types.ts";
import { meta } from "./meta.ts";

const PART = "root";

/** Whether root has keys. No change is attempted: nobody but root can make one, and IAM gives no list of its keys to anybody else. */
export const control: WatchingControl<RootKeysState> = {
  meta,
  changes: "nothing",
  async detect(account, ports): Promise<Detection<RootKeysState>> {
    const reading = await rootKeysOf(ports).read(account);
    if (reading.kind !== "present") return reading;
    const { state } = reading;
    return { kind: "present", state, tags: [], findings: [findingOf(account, conditionOf(state))] };
  },
  shows: () => undefined,
};

function conditionOf({ hasKeys }: RootKeysState): ConditionFacts {
  return {
    kind: "condition",
    isAboutKeys: true,
    holds: !hasKeys,
    expected: "no access keys of the root user",
    found: hasKeys ? "there is at least one" : "there are none",
    consequence: "whoever has such a key may do everything in the account, and no policy of the account's limits him",
    remedy: [
      "Sign in as the account's root user and deactivate the key under Security credentials; what fails then used it: give that a role of its own, then delete the key.",
      "If the key is known to others, deactivate it at once, change root's password, see that MFA is on and is yours, and look through CloudTrail for what root did (userIdentity.type Root).",
      "In an organisation, the management account can delete a member's root keys by central root access (IAM, Root access management), and forbid new ones by a service control policy.",
    ].join(" "),
  };
}

function findingOf(resource: ResourceRef, facts: ConditionFacts): Finding {
  const title = facts.holds
    ? `The root user of account ${resource.account} has no access keys`
    : `The root user of account ${resource.account} has access keys`;
  return { id: findingId(meta.id, resource, PART), controlId: meta.id, resource, part: PART, title, facts };
}
