import type { Control, Detection, Ports } from "../../shared/control.ts";
import { CordonError } from "../../shared/errors.ts";
import { findingId } from "../../shared/ids.ts";
import type { BucketRegion, ReplicationConfiguration, ReplicationRule } from "../../shared/resources/s3-buckets.ts";
import type { Finding, ResourceRef, TransferFacts } from "../../shared/types.ts";
import { exposure } from "./exposure.ts";
import { meta } from "./meta.ts";
import { destinationOf, isEnabled, prefixOf, replicaKeyOf, rulesOf, tagsOf } from "./rules.ts";
import { showsWrite } from "./shows-write.ts";

type State = ReplicationConfiguration | null;

/** Every enabled replication rule sends data only to where the bucket's class may live. A rule is a part; its ID names it. */
export const control: Control<State> = {
  meta,
  port: (ports) => ports.s3.replication,
  detect,
  shows: showsWrite,
  exposure,

  comply: (state, offending) => mapRules(state, (rule, id) => (offending.has(id) ? disabled(rule) : rule)),

  retreat(state, offending) {
    const enabled = rulesOf(state).filter(([rule]) => isEnabled(rule));
    return enabled.every(([, id]) => offending.has(id)) ? null : undefined;
  },

  restore(left, before, part) {
    // After a retreat nothing is left: what else offended comes back switched off.
    const base = left ?? mapRules(before, disabled);
    const original = rulesOf(before).find(([, id]) => id === part)?.[0];
    return original === undefined ? left : mapRules(base, (rule, id) => (id === part ? original : rule));
  },
};

async function detect(resource: ResourceRef, { s3 }: Ports): Promise<Detection<State>> {
  const [reading, tags] = await Promise.all([s3.replication.read(resource), s3.readTags(resource)]);
  if (reading.kind !== "present") return reading;
  const rules = rulesOf(reading.state);
  const destinations = new Set(rules.filter(([rule]) => isEnabled(rule)).map(([rule]) => destinationOf(rule)));
  const regions = new Map(
    await Promise.all([...destinations].map(async (arn) => [arn, await regionOf(arn, resource, s3)] as const)),
  );
  const findings = rules.map(([rule, id]) => findingOf(resource, rule, id, regions));
  return { kind: "present", state: reading.state, tags, findings };
}

function findingOf(
  resource: ResourceRef,
  rule: ReplicationRule,
  part: string,
  regions: ReadonlyMap<string, BucketRegion>,
): Finding {
  const destination = destinationOf(rule);
  const region = regions.get(destination);
  const account = rule.Destination?.Account;
  const prefix = prefixOf(rule);
  const replicaKey = replicaKeyOf(rule);
  const facts: TransferFacts = {
    kind: "transfer",
    active: isEnabled(rule),
    from: resource.region,
    destination,
    tags: tagsOf(rule),
    ...whereTo(region),
    ...(account !== undefined && { destinationAccount: account }),
    ...(prefix !== "" && { prefix }),
    ...(replicaKey !== undefined && { replicaKey }),
  };
  const where = facts.to ?? (facts.active ? "an unknown Region" : "another bucket");
  return {
    id: findingId(meta.id, resource, part),
    controlId: meta.id,
    resource,
    part,
    title: `Replication rule "${part}" of ${resource.name} sends data from ${resource.region} to ${where}`,
    facts,
  };
}

function whereTo(region: BucketRegion | undefined): Pick<TransferFacts, "to" | "toUnknown" | "isTransient"> {
  if (region === undefined) return {};
  if ("region" in region) return { to: region.region };
  return { toUnknown: region.unknown, ...(region.isTransient === true && { isTransient: true }) };
}

const BUCKET_ARN = /^arn:aws[a-z-]*:s3:::([^/:]+)$/;

async function regionOf(arn: string, resource: ResourceRef, s3: Ports["s3"]): Promise<BucketRegion> {
  const name = BUCKET_ARN.exec(arn)?.[1];
  if (name === undefined) return { unknown: "it is not the ARN of a bucket" };
  try {
    return await s3.regionOf(name, resource);
  } catch (error) {
    // One destination that doesn't answer must not hold up the others.
    if (error instanceof CordonError && error.kind === "unavailable")
      return { unknown: error.message, isTransient: true };
    throw error;
  }
}

function mapRules(state: State, change: (rule: ReplicationRule, id: string) => ReplicationRule): State {
  return state === null ? null : { ...state, Rules: rulesOf(state).map(([rule, id]) => change(rule, id)) };
}

function disabled(rule: ReplicationRule): ReplicationRule {
  return { ...rule, Status: "Disabled" };
}
