import type { Detection } from "../../shared/control.ts";
import type { ReplicationConfiguration } from "../../shared/resources/s3-buckets.ts";
import { asObject, asText, type Json } from "../../shared/signals/shapes.ts";

/**
 * Whether live state shows what PutBucketReplication or PutBucketTagging wrote, by the request as CloudTrail tells it: every rule it enabled is
 * there, enabled, with its destination; every tag it set is there. True for any other request, and for one that can't be read. Pure.
 */
export function showsRequest(
  request: Readonly<Record<string, unknown>>,
  { state, tags }: Extract<Detection<ReplicationConfiguration | null>, { kind: "present" }>,
): boolean {
  const live = (state?.Rules ?? []).map((rule) => `${rule.Status} ${rule.Destination?.Bucket}`);
  const isRuleShown = (rule: Json) => {
    const destination = asText(asObject(rule.Destination ?? rule.destination)?.Bucket);
    return (
      (rule.Status ?? rule.status) !== "Enabled" || destination === undefined || live.includes(`Enabled ${destination}`)
    );
  };
  const isTagShown = (tag: Json) =>
    // CloudTrail turns texts such as "true" and "2024" into what they look like.
    "unreadable" in tags || tags.some(({ key, value }) => key === String(tag.Key) && value === String(tag.Value));
  return rulesIn(request).every(isRuleShown) && tagsIn(request).every(isTagShown);
}

/** One rule is an object, several are a list, under any of three names. */
function rulesIn(request: Readonly<Record<string, unknown>>): readonly Json[] {
  const configuration = asObject(request.ReplicationConfiguration ?? request.replicationConfiguration);
  return objects(configuration?.Rule ?? configuration?.Rules ?? configuration?.rules);
}

function tagsIn(request: Readonly<Record<string, unknown>>): readonly Json[] {
  const tagging = asObject(request.Tagging ?? request.tagging);
  return objects(asObject(tagging?.TagSet)?.Tag).filter((tag) => tag.Key !== undefined && tag.Value !== undefined);
}

function objects(value: unknown): readonly Json[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map(asObject).filter((each) => each !== undefined);
}
