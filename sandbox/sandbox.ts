import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { RecordedCall } from "./calls.ts";
import { createClock } from "./clock.ts";
import { describeApiCall, type EventBridgeEvent } from "./cloudtrail.ts";
import { createControlPlane } from "./control-plane/control-plane.ts";
import { createDynamoDBControl } from "./control-plane/dynamodb-control.ts";
import { withControlPlane } from "./control-plane/json-protocol.ts";
import { createAccountRegions } from "./control-plane/regions.ts";
import { createSecurityHub } from "./control-plane/security-hub.ts";
import { createAccountSeeds } from "./control-plane/seeds.ts";
import { createSqsControl } from "./control-plane/sqs-control.ts";
import { copyOf } from "./copy.ts";
import { createDynamoDB } from "./dynamodb/service.ts";
import { createTable, type DynamoDBState, tableArn } from "./dynamodb/tables.ts";
import { expireItems } from "./dynamodb/time-to-live.ts";
import { createEventing } from "./eventing.ts";
import { createFaults } from "./faults.ts";
import { createFront } from "./front.ts";
import { createCredentialReports } from "./iam/credential-reports.ts";
import { createIamSeeds } from "./iam/seeds.ts";
import { createServiceRoles } from "./iam/service-roles.ts";
import { createStaleIamReads } from "./iam/stale-reads.ts";
import { userPolicies } from "./iam/user-policies.ts";
import { createUsers } from "./iam/users.ts";
import { createFunctionUrls } from "./lambda/function-urls.ts";
import { createPermissions } from "./permissions.ts";
import { createPrincipals, type Principal } from "./principals.ts";
import { createS3Account } from "./s3/account.ts";
import { createIdSequence } from "./sequence.ts";
import { createSqs } from "./sqs.ts";
import { deployHandMade } from "./stack/hand-made.ts";
import { createRegistry } from "./stack/registry.ts";
import type { StackServices } from "./stack/resources.ts";
import { createStackServices } from "./stack/services.ts";
import { deployTemplate } from "./stack/template.ts";
import { createStepFunctions } from "./states/create-states.ts";
import { createSts } from "./sts.ts";
import { createTrailHistory, describeTrailSeed } from "./trail-history.ts";
import type { Sandbox, SandboxOptions } from "./types.ts";

/**
 * Start an AWS account on 127.0.0.1. Throws when the port is taken (`code` EADDRINUSE).
 * Side effects: a listening server, and a process for each function container; `close` ends both.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { account = "111122223333", region = "eu-central-1", log = () => {} } = options;
  const { seed = 1, schedule, organization } = options;
  const clock = createClock(options.startAt, schedule?.serial);
  const ids = createIdSequence(seed);
  const principals = createPrincipals(ids, account, clock.now);
  const registry = createRegistry();
  const permissions = createPermissions(registry, organization);
  const users = createUsers((user) => userPolicies(registry, user));
  principals.alsoKnownBy(users.byAccessKey);
  const reports = createCredentialReports(users);
  const staleIam = createStaleIamReads(account, clock.now);
  const history = createTrailHistory();
  // Apart, so that what is only looked up doesn't change the ids of what is delivered.
  const historyIds = createIdSequence(seed + 0x7fff_ffff);
  const faults = createFaults();
  const calls: RecordedCall[] = [];
  const events: EventBridgeEvent[] = [];
  const dynamodb: DynamoDBState = { tables: new Map(), tokens: new Map(), stale: [] };
  let endpoint = "";
  let sequence = 0;
  let routing = true;
  let closing: Promise<void> | undefined;

  const findTable = (name: string) => {
    const table = dynamodb.tables.get(tableArn(account, region, name));
    if (!table)
      throw new Error(
        `The sandbox has no table ${name} in ${region}; tables: ${[...dynamodb.tables.keys()].join(", ")}`,
      );
    return table;
  };
  const environment = (principal: Principal, where = region): Record<string, string> => ({
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: where,
    AWS_ACCESS_KEY_ID: principal.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: principal.credentials.secretAccessKey,
    // Empty for a user: a token left in the environment belongs to another key, and a signature with it is refused.
    AWS_SESSION_TOKEN: principal.credentials.sessionToken ?? "",
  });
  const admin = principals.create({ type: "IAMUser", name: "sandbox-admin" });
  const organizationOf = (member: string) => (organization?.accounts.includes(member) ? organization.id : undefined);
  const { queues, lambda, topics, bridge } = createEventing({
    registry,
    clock,
    ids,
    principals,
    environment,
    log,
    account,
    region,
    seed,
    schedule,
    endpoint: () => endpoint,
    organizationOf,
    tables: () => dynamodb.tables.values(),
  });

  const regions = createAccountRegions();
  const publish = (event: EventBridgeEvent, bus?: string): void => {
    if (routing) bridge.put(event, bus === undefined ? {} : { bus });
  };
  const record = (event: EventBridgeEvent): void => {
    events.push(event);
    history.add(event);
    publish(event);
  };
  const mayService = createServiceRoles({ registry, permissions, principals, now: clock.now });
  const s3 = createS3Account({
    home: { account, region },
    registry,
    mayService,
    clock,
    ids,
    lambda,
    tasksPerInvocation: options.tasksPerInvocation ?? 1,
    publish,
    record,
  });

  const securityHub = createSecurityHub(registry);
  const stepFunctions = createStepFunctions({
    registry,
    mayService,
    state: s3.state,
    now: clock.now,
    createId: () => ids.key("", 48),
    createRunId: ids.uuid,
    written: s3.written,
    invoke: lambda.invoker.invoke,
    during: lambda.during,
  });

  clock.onMove(() => {
    for (const table of dynamodb.tables.values()) {
      if (expireItems(table, clock.now(), ids.uuid).length > 0) lambda.tableChanged();
    }
  });

  const server = createFront({
    principals,
    permissions,
    faults,
    now: clock.now,
    createRequestId: ids.requestId,
    kill: lambda.kill,
    services: [
      s3.service,
      withControlPlane(
        createDynamoDB(dynamodb, ids.uuid, lambda.tableChanged),
        createDynamoDBControl(registry, dynamodb),
      ),
      withControlPlane(
        createSqs(queues, ids.uuid),
        createSqsControl(registry, (arn) => queues.byArn(arn)?.messages),
      ),
      topics.service,
      createSts(principals, registry, users),
      stepFunctions.service,
      securityHub.service,
      createFunctionUrls({ registry, invoker: lambda.invoker, organizationOf }),
      ...createControlPlane({
        registry,
        regions,
        createId: ids.uuid,
        publish,
        invoker: lambda.invoker,
        iam: { registry, users, reports, stale: staleIam, ids },
        history,
      }),
    ],
    record(call) {
      sequence += 1;
      const recorded = { sequence, ...call };
      calls.push(recorded);
      return recorded;
    },
    signed: ({ credentials }, use) => users.used(credentials.accessKeyId, use),
    completed(operation, subject, context, error) {
      if (subject.isReadOnly) {
        for (const account of new Set([subject.account, ...(error ? [] : [context.principal.account])])) {
          const event = describeApiCall(operation.name, { ...subject, account }, context, error, historyIds.uuid);
          history.add(event);
          publish(event);
        }
        return;
      }
      record(describeApiCall(operation.name, subject, context, error, ids.uuid));
    },
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const sandbox: Sandbox = {
    endpoint,
    account,
    region,
    clock,
    calls,
    events,
    queues: queues.view,
    faults,
    registry,
    deadLetters: lambda.deadLetters,
    undelivered: bridge.undelivered,
    lost: lambda.lost,
    published: topics.published,
    securityHub,
    logs: lambda.logs,
    get jobs() {
      return s3.jobs();
    },
    get executions() {
      return stepFunctions.executions();
    },
    get routing() {
      return routing;
    },
    set routing(on) {
      routing = on;
    },
    clearCalls: () => void calls.splice(0),
    environment: (principal = admin) => environment(principal),
    createPrincipal: (spec) => principals.create(spec),
    deny: permissions.deny,
    stale(read) {
      if ("index" in read) dynamodb.stale.push({ ...read });
      else if ("bucket" in read) s3.stale.push({ ...read });
      else staleIam.add(read);
    },
    ...createIamSeeds(users, reports, { account, ids, now: clock.now, byAccessKey: principals.byAccessKey }),
    recordEvent(spec) {
      const event = describeTrailSeed(spec, { account, region, now: clock.now() }, historyIds, users.ownerOf);
      history.add(event);
      return event;
    },
    limitLookups: (limits) => void Object.assign(history.limits, limits),
    ...s3.view,
    createTable: (name, spec = {}) => void createTable(dynamodb, { name, account, region, at: clock.now(), ...spec }),
    table(name) {
      const table = findTable(name);
      return {
        name,
        arn: table.arn,
        items: () => [...table.items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => copyOf(item)),
        streamRecords: () => structuredClone(table.stream?.records ?? []),
      };
    },
    ...createAccountSeeds(registry, regions, { account, region, now: clock.now }),
    createQueue: (name) => queues.open(name).url,
    deploy: (spec) => deployHandMade(spec, services, queues, (name) => findTable(name).stream?.arn ?? ""),
    deployTemplate: (template, how = {}) => deployTemplate(template, how, services),
    redeploy: lambda.functions.redeploy,
    invoke: lambda.invoke,
    putEvent: bridge.put,
    settle: lambda.settle,
    drain: lambda.drain,
    close() {
      closing ??= (async () => {
        await lambda.close();
        const closed = once(server, "close");
        server.close();
        server.closeAllConnections();
        await closed;
      })();
      return closing;
    },
  };
  const services: StackServices = createStackServices({
    registry,
    ids,
    clock,
    dynamodb,
    account,
    region,
    endpoint,
    createBucket: sandbox.createBucket,
    defineFunction: lambda.functions.define,
  });
  try {
    for (const { name, ...spec } of options.tables ?? []) sandbox.createTable(name, spec);
    for (const spec of options.functions ?? []) sandbox.deploy(spec);
  } catch (error) {
    await sandbox.close();
    throw error;
  }
  return sandbox;
}
