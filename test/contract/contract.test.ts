import { controls } from "../../controls/registry.ts";
import { describeContract } from "./control-contract.ts";

for (const control of controls) describeContract(control);
