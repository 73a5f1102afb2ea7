import { setImmediate as nextTurn } from "node:timers/promises";
import type { MayService } from "../iam/service-roles.ts";
import type { Service } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import { readDefinition } from "./definition.ts";
import { type ExecutionView, viewExecution } from "./executions.ts";
import { type EngineContext, runExecution } from "./map-runs.ts";
import { createStates, type Executions, STATE_MACHINE } from "./service.ts";

/** What executions need of the account around them. */
export interface StatesContext extends Omit<EngineContext, "mayRole"> {
  registry: Registry;
  mayService: MayService;
  /** Keep `settle` waiting for it. */
  during(work: () => Promise<void>): Promise<void>;
}

/** Step Functions, with no executions yet. What is started begins by itself, after the answer to that call. */
export function createStepFunctions(context: StatesContext): { service: Service; executions(): ExecutionView[] } {
  const { registry } = context;
  const machineOf = (arn: string) => registry.list(STATE_MACHINE).find((machine) => machine.arn === arn);
  const mayRole: EngineContext["mayRole"] = ({ name, machineArn, account, region }, permission) => {
    const roleArn = String(machineOf(machineArn)?.properties.RoleArn);
    const source = { sourceArn: machineArn, sourceAccount: account, region, sessionName: name };
    return context.mayService({ roleArn, service: "states.amazonaws.com", ...source }, permission);
  };
  const executions: Executions = {
    list: [],
    createName: context.createRunId,
    run: (execution) =>
      void context.during(async () => {
        await nextTurn();
        // As it is when the execution begins: later changes are for later ones.
        const { DefinitionString } = machineOf(execution.machineArn)?.properties ?? {};
        await runExecution(execution, readDefinition(String(DefinitionString)), { ...context, mayRole });
      }),
  };
  return { service: createStates(executions, registry), executions: () => executions.list.map(viewExecution) };
}
