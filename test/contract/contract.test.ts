import { controls } from "../../controls/registry.ts";
import type { Control, WatchingControl } from "../../shared/control.ts";
import { IAM_ROLE } from "../../shared/signals/iam-refs.ts";
import { describeApproveContract } from "./approve-contract.ts";
import { describeContract } from "./control-contract.ts";
import { describeWatchContract } from "./watch-contract.ts";

for (const control of controls) {
  // A control says itself whether it changes anything; the types of one that doesn't give it nothing to do so with.
  if (control.changes === "nothing") describeWatchContract(control as WatchingControl<unknown>);
  // All who use a role are affected, so that only a person says what is done.
  else if (control.meta.resourceType === IAM_ROLE) describeApproveContract(control as Control<unknown>);
  else describeContract(control as Control<unknown>);
}
