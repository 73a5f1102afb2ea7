import type { Service } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import type { TrailHistory } from "../trail-history.ts";
import { createAccount } from "./account.ts";
import { createMonitoring } from "./alarms.ts";
import { createCloudControl } from "./cloud-control.ts";
import { createConfig } from "./config-recorders.ts";
import type { PublishEvent } from "./event-buses.ts";
import { createEvents } from "./events.ts";
import { createIam } from "./iam.ts";
import type { IamContext } from "./iam-input.ts";
import { createKms } from "./kms-keys.ts";
import { createLambdaApi } from "./lambda.ts";
import type { Invoker } from "./lambda-invoke.ts";
import { createLogs } from "./log-groups.ts";
import type { AccountRegions } from "./regions.ts";
import { createParameters, createSecrets } from "./secrets.ts";
import { createCloudTrail } from "./trails.ts";

/** The APIs by which a deployment, and accounts around it, are looked at and changed. Their state is the registry's. */
export function createControlPlane(account: {
  registry: Registry;
  regions: AccountRegions;
  createId(): string;
  publish: PublishEvent;
  invoker: Invoker;
  iam: IamContext;
  history: TrailHistory;
}): Service[] {
  const { registry, regions, createId, publish, invoker, iam, history } = account;
  return [
    createCloudControl(registry, createId),
    createEvents(registry, publish, createId),
    createLambdaApi(registry, invoker),
    createKms(registry),
    createIam(iam),
    createMonitoring(registry),
    createLogs(registry),
    createCloudTrail(registry, history),
    createConfig(registry),
    createAccount(regions),
    createSecrets(registry),
    createParameters(registry),
  ];
}
