import { AccountClient, paginateListRegions } from "@aws-sdk/client-account";
import {
  type AdvancedEventSelector,
  CloudTrailClient,
  DescribeTrailsCommand,
  type EventSelector,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail as SdkTrail,
} from "@aws-sdk/client-cloudtrail";
import { ConfigServiceClient, DescribeConfigurationRecorderStatusCommand } from "@aws-sdk/client-config-service";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import { isSame } from "../deployment/compare.ts";
import { CordonError } from "../errors.ts";
import type { Clock } from "../types.ts";
import type {
  AccountCoverage,
  AccountRegion,
  Coverage,
  Entry,
  ExpectedForwarder,
  ExpectedRule,
  ForwardingRule,
  Trail,
} from "./account-coverage.ts";
import { readResource } from "./cell-resources-aws.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { Reading } from "./port.ts";

/** Where the cell lies, and what a forwarding stack has to consist of. */
export interface CoverageSettings {
  readonly home: AccountRegion;
  readonly partition: string;
  readonly busArn: string;
  /** Without any: those that were heard, and nobody knows which others there are. */
  readonly knowsAccounts: boolean;
  /** What a forwarding stack has to be in an account and Region. */
  expected(place: AccountRegion): ExpectedForwarder;
}

/** A role's credentials hold for an hour, whatever becomes of it: whether it can be assumed is asked anew after this long. */
const BELIEVED_MS = 60_000;

/**
 * What Cordon hears by, read with the credentials of each account: the cell's own, or its member role's.
 *
 * @param openClients clients that have assumed no role yet
 */
export function accountCoverageOnAws(
  openClients: () => AwsClients,
  settings: CoverageSettings,
  heartbeats: Heartbeats,
  clock: Clock,
): AccountCoverage {
  const { home } = settings;
  let opened: { readonly clients: AwsClients; readonly atMs: number } | undefined;
  let left: ReadonlyMap<string, string> = new Map();
  const current = (): AwsClients => {
    const nowMs = clock.nowMs();
    if (opened === undefined || nowMs - opened.atMs >= BELIEVED_MS) opened = { clients: openClients(), atMs: nowMs };
    return opened.clients;
  };
  return {
    async read(place) {
      const clients = current();
      const readAtMs = clock.nowMs();
      const isHome = place.account === home.account && place.region === home.region;
      const heartbeatAt = isHome ? undefined : await heartbeats.last(place);
      const role = await enter(clients, place, home);
      const shut = role.kind === "shut" ? ({ kind: "unreadable", reason: role.reason } as const) : undefined;
      const [trails, rules, recorders, regions] = await Promise.all([
        shut ?? readTrails(clients, place),
        isHome ? undefined : (shut ?? readForwarder(clients, place, settings)),
        shut ?? readRecorders(clients, place),
        place.region === home.region ? (shut ?? readRegions(clients, place.account, home)) : undefined,
      ]);
      const forwarder: Coverage["forwarder"] =
        rules === undefined ? { kind: "not-needed" } : { kind: "needed", rules, ...(heartbeatAt && { heartbeatAt }) };
      return {
        ...{ readAtMs, role, trails, forwarder, recorders },
        ...(regions && { regions }),
        ...(isHome && { accounts: accountsOf(settings) }),
      };
    },
    forget() {
      opened = undefined;
    },
    leave(places) {
      left = places;
    },
    whyLeft: ({ account, region }) => left.get(`${account}#${region}`),
    regions: (account) => readRegions(current(), account, home),
  };
}

function accountsOf({ knowsAccounts }: CoverageSettings): Reading<"all"> {
  if (knowsAccounts) return { kind: "present", state: "all" };
  const reason =
    "accounts of the organisation that were never heard are not known: set CORDON_ACCOUNTS, besides CORDON_ORGANIZATION, to all that have to be heard";
  return { kind: "unreadable", reason };
}

/** Whether calls can be made in the account at all. */
async function enter(clients: AwsClients, place: AccountRegion, home: AccountRegion): Promise<Entry> {
  try {
    await clients.in(place, CloudTrailClient, {});
    return place.account === home.account ? { kind: "not-needed" } : { kind: "open" };
  } catch (error) {
    if (error instanceof CordonError && !error.retry) return { kind: "shut", reason: error.message };
    throw error;
  }
}

/** DescribeTrails, and for each trail GetTrailStatus and GetEventSelectors; a multi-Region trail is asked in its home Region. */
async function readTrails(clients: AwsClients, place: AccountRegion): Promise<Reading<readonly Trail[]>> {
  return answered("DescribeTrails", "the trails", async () => {
    const client = await clients.in(place, CloudTrailClient, {});
    const { trailList = [] } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
    return Promise.all(trailList.map((trail) => readTrail(clients, place, trail)));
  });
}

async function readTrail(clients: AwsClients, place: AccountRegion, trail: SdkTrail): Promise<Trail> {
  const { TrailARN, Name = "?", HomeRegion = place.region } = trail;
  const client = await clients.in({ account: place.account, region: HomeRegion }, CloudTrailClient, {});
  const reading = await answered("GetTrailStatus", `the trail ${Name}`, async () => {
    const [{ IsLogging }, selectors] = await Promise.all([
      client.send(new GetTrailStatusCommand({ Name: TrailARN })),
      client.send(new GetEventSelectorsCommand({ TrailName: TrailARN })),
    ]);
    return { name: Name, isLogging: IsLogging === true, logsWrites: logsWrites(selectors) };
  });
  if (reading.kind === "present") return reading.state;
  return { name: Name, isLogging: false, logsWrites: false, unreadable: reading.reason };
}

/**
 * Whether selectors take in management events that write, of all services. Excluding AWS KMS or RDS Data is offered for their volume, and tolerated: the calls
 * Cordon reacts to there are told by the sweep. Pure.
 */
export function logsWrites(selectors: {
  readonly EventSelectors?: readonly EventSelector[] | undefined;
  readonly AdvancedEventSelectors?: readonly AdvancedEventSelector[] | undefined;
}): boolean {
  const basic = selectors.EventSelectors ?? [];
  if (basic.some((each) => each.IncludeManagementEvents !== false && each.ReadWriteType !== "ReadOnly")) return true;
  return (selectors.AdvancedEventSelectors ?? []).some(({ FieldSelectors = [] }) => {
    const field = (name: string) => FieldSelectors.find(({ Field }) => Field === name);
    const isReadOnly = field("readOnly")?.Equals?.includes("true") === true;
    const isNarrowed = field("eventSource")?.Equals !== undefined || field("eventName") !== undefined;
    return field("eventCategory")?.Equals?.includes("Management") === true && !isReadOnly && !isNarrowed;
  });
}

/**
 * GetResource of Cloud Control for each rule the forwarding stack has, and for the role that they send in. Where there is no heartbeat there is mostly no forwarding
 * stack: that says it all.
 */
async function readForwarder(
  clients: AwsClients,
  place: AccountRegion,
  settings: CoverageSettings,
): Promise<Reading<readonly ForwardingRule[]>> {
  const isHeartbeat = ({ properties }: ExpectedRule) => properties.ScheduleExpression !== undefined;
  const { rules, role } = settings.expected(place);
  const ruleNamed = (rule: ExpectedRule) => readRule(clients, place, settings, rule);
  const first = await Promise.all(rules.filter(isHeartbeat).map(ruleNamed));
  const known = togetherOf(first);
  if (known.kind !== "present" || known.state.some(({ differences }) => differences.includes(NONE))) return known;
  const others = rules.filter((rule) => !isHeartbeat(rule)).map(ruleNamed);
  return togetherOf([...first, ...(await Promise.all([...others, readSendRole(clients, place, role)]))]);
}

function togetherOf(readings: readonly Reading<ForwardingRule>[]): Reading<readonly ForwardingRule[]> {
  const state: ForwardingRule[] = [];
  for (const reading of readings) {
    if (reading.kind !== "present") return reading;
    state.push(reading.state);
  }
  return { kind: "present", state };
}

const NONE = "there is none";

async function readRule(
  clients: AwsClients,
  place: AccountRegion,
  { partition, busArn }: CoverageSettings,
  { name, properties }: ExpectedRule,
): Promise<Reading<ForwardingRule>> {
  const arn = `arn:${partition}:events:${place.region}:${place.account}:rule/${name}`;
  const reading = await readResource(clients, place, "AWS::Events::Rule", arn);
  if (reading.kind === "unreadable") return reading;
  if (reading.kind === "absent") return { kind: "present", state: { name, differences: [NONE] } };
  const { Targets, ...others } = properties;
  const found = reading.state.Targets;
  const [target, ...more] = Array.isArray(found) ? (found as readonly Readonly<Record<string, unknown>>[]) : [];
  const isElsewhere = target?.Arn !== busArn || more.length > 0;
  const differences = differencesOf(others, reading.state);
  if (isElsewhere) differences.push("its target is not the cell's bus");
  // Another role, or a text in the event's place, and nothing of what it hears arrives.
  else if (!isSame(Targets, found)) {
    const [expected] = (Array.isArray(Targets) ? Targets : []) as readonly Readonly<Record<string, unknown>>[];
    const names = differencesOf({ ...absent(target), ...expected }, target);
    differences.push(`its target's ${names.join(", ")}`);
  }
  return { kind: "present", state: { name, differences } };
}

async function readSendRole(
  clients: AwsClients,
  place: AccountRegion,
  { name, properties }: ExpectedRule,
): Promise<Reading<ForwardingRule>> {
  const reading = await readResource(clients, place, "AWS::IAM::Role", name);
  if (reading.kind === "unreadable") return reading;
  const differences = reading.kind === "absent" ? [NONE] : differencesOf(properties, reading.state);
  return { kind: "present", state: { name, what: "role", differences } };
}

/** Its members as what has to be absent. */
function absent(value: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.keys(value).map((name) => [name, undefined]));
}

function differencesOf(
  expected: Readonly<Record<string, unknown>>,
  found: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(expected)
    .filter(([property, value]) => !isSame(value, found[property]))
    .map(([property]) => `${property} differs`);
}

/** DescribeConfigurationRecorderStatus. */
async function readRecorders(clients: AwsClients, place: AccountRegion): Promise<Coverage["recorders"]> {
  return answered("DescribeConfigurationRecorderStatus", "AWS Config's recorders", async () => {
    const client = await clients.in(place, ConfigServiceClient, {});
    const answer = await client.send(new DescribeConfigurationRecorderStatusCommand({}));
    return (answer.ConfigurationRecordersStatus ?? []).map(({ name = "?", recording }) => ({
      name,
      isRecording: recording === true,
    }));
  });
}

/** ListRegions, by the account itself: for others it takes an organisation's management account. */
async function readRegions(
  clients: AwsClients,
  account: string,
  { region }: AccountRegion,
): Promise<Reading<readonly string[]>> {
  try {
    const client = await clients.in({ account, region }, AccountClient, {});
    return await answered("ListRegions", `the Regions of ${account}`, async () => {
      const names: string[] = [];
      const enabled = {
        RegionOptStatusContains: ["ENABLED" as const, "ENABLED_BY_DEFAULT" as const],
      };
      for await (const { Regions = [] } of paginateListRegions({ client }, enabled)) {
        for (const { RegionName } of Regions) if (RegionName !== undefined) names.push(RegionName);
      }
      return names.sort();
    });
  } catch (error) {
    if (error instanceof CordonError && !error.retry) return { kind: "unreadable", reason: error.message };
    throw error;
  }
}

async function answered<Answer>(
  operation: string,
  what: string,
  call: () => Promise<Answer>,
): Promise<Reading<Answer>> {
  try {
    return { kind: "present", state: await call() };
  } catch (error) {
    if (error instanceof CordonError) throw error;
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable(operation, error);
    return { kind: "unreadable", reason: `${what} can't be read: ${failure.message}` };
  }
}
