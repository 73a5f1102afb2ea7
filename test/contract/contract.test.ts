import { controls } from "../../controls/registry.ts";
import type { Control, WatchingControl } from "../../shared/control.ts";
import { describeContract } from "./control-contract.ts";
import { describeWatchContract } from "./watch-contract.ts";

for (const control of controls) {
  // A control says itself whether it changes anything; the types of one that doesn't give it nothing to do so with.
  if (control.changes === "nothing") describeWatchContract(control as WatchingControl<unknown>);
  else describeContract(control as Control<unknown>);
}
