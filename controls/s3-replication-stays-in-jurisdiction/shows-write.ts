import type { Detection } from "../../shared/control.ts";
import type { ReplicationConfiguration, ReplicationRule } from "../../shared/resources/s3-buckets.ts";
import { asObject, type Json } from "../../shared/signals/shapes.ts";
import type { Signal } from "../../shared/types.ts";
import { destinationOf, isEnabled, prefixOf, tagsOf } from "./rules.ts";

/**
 * Whether live state shows what a call wrote, by its request as CloudTrail tells it: each rule it enabled is there as it was sent (destination,
 * prefix, tags), each tag it set is there. Pure.
 *
 * @returns undefined when the request can't be read (CloudTrail leaves it out at times) and the call may have made something offend; true for calls
 * that never do, such as taking a tag away
 */
export function showsWrite(
  { name, request = {} }: Signal,
  { state, tags }: Extract<Detection<ReplicationConfiguration | null>, { kind: "present" }>,
  how: "at least" | "exactly" | "roughly",
): boolean | undefined {
  switch (name) {
    case "PutBucketReplication": {
      const sent = rulesIn(request);
      if (sent.length === 0) return undefined;
      const live = state?.Rules ?? [];
      if (how === "exactly") return isSameSet(sent.map(whole), live.map(whole));
      const what = how === "roughly" ? destinationOf : moves;
      const enabled = new Set(live.filter(isEnabled).map(what));
      return sent
        .filter(isEnabled)
        .map(what)
        .every((each) => enabled.has(each));
    }
    case "DeleteBucketReplication":
      return (state?.Rules ?? []).length === 0;
    case "PutBucketTagging":
    case "TagResource": {
      const sent = tagsIn(request);
      // Its request has been seen in more forms than are known here.
      if (sent.length === 0 && name === "TagResource") return undefined;
      return (
        "unreadable" in tags ||
        sent.every((tag) => tags.some(({ key, value }) => key === tag.key && value === tag.value))
      );
    }
    default:
      return true;
  }
}

/** What a rule moves where, as one text. */
function moves(rule: ReplicationRule): string {
  const tags = tagsOf(rule).map(({ key, value }) => `${key}=${value}`);
  return JSON.stringify([destinationOf(rule), prefixOf(rule), tags.sort()]);
}

function whole(rule: ReplicationRule): string {
  return `${rule.Status} ${moves(rule)}`;
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());
}

/** The rules of a request: one is an object, several are a list, under any of three names. */
function rulesIn(request: Json): readonly ReplicationRule[] {
  const configuration = asObject(request.ReplicationConfiguration ?? request.replicationConfiguration);
  return objects(configuration?.Rule ?? configuration?.Rules ?? configuration?.rules).map(ruleOf);
}

/** CloudTrail turns texts such as "true" and "2024" into what they look like, and an empty element into "". */
function ruleOf(rule: Json): ReplicationRule {
  const filter = asObject(rule.Filter);
  const and = asObject(filter?.And);
  const Tags = [...objects(filter?.Tag), ...objects(and?.Tag ?? and?.Tags)].map((tag) => ({
    Key: text(tag.Key),
    Value: text(tag.Value),
  }));
  return {
    Status: rule.Status === "Enabled" ? "Enabled" : "Disabled",
    Destination: { Bucket: text(asObject(rule.Destination)?.Bucket) },
    Filter: { And: { Prefix: text(and?.Prefix ?? filter?.Prefix ?? rule.Prefix), Tags } },
  };
}

/** Tags set by PutBucketTagging (`Tagging.TagSet.Tag`) or TagResource, which has been seen under several spellings. */
function tagsIn(request: Json): readonly { readonly key: string; readonly value: string }[] {
  const set = asObject(asObject(request.Tagging ?? request.tagging)?.TagSet);
  const sent = set?.Tag ?? request.Tags ?? request.tags;
  const list = objects(asObject(sent)?.Tag ?? sent);
  return list.flatMap((tag) => {
    const key = tag.Key ?? tag.key;
    return key === undefined ? [] : [{ key: text(key), value: text(tag.Value ?? tag.value) }];
  });
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function objects(value: unknown): readonly Json[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map(asObject).filter((each) => each !== undefined);
}
