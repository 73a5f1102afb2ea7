import type { Registry } from "../stack/registry.ts";
import type { Bucket } from "./state.ts";

/** An advanced selector's test of one field. */
interface FieldSelector {
  Field?: string;
  Equals?: string[];
  StartsWith?: string[];
  EndsWith?: string[];
  NotEquals?: string[];
  NotStartsWith?: string[];
  NotEndsWith?: string[];
}
interface DataResource {
  Type?: string;
  Values?: string[];
}
interface TrailProperties {
  IsLogging?: boolean;
  IsMultiRegionTrail?: boolean;
  EventSelectors?: { ReadWriteType?: string; DataResources?: DataResource[] }[];
  AdvancedEventSelectors?: { FieldSelectors?: FieldSelector[] }[];
}

/**
 * Whether CloudTrail logs writes to an object: when its bucket was seeded so, or a trail of its account selects them. Without that the
 * calls leave no event (CloudTrail user guide, "Logging data events").
 */
export function logsDataEvents(registry: Registry, bucket: Bucket, key: string, eventName: string): boolean {
  if (bucket.dataEvents) return true;
  const fields: Readonly<Record<string, string>> = {
    eventCategory: "Data",
    "resources.type": "AWS::S3::Object",
    "resources.ARN": `arn:aws:s3:::${bucket.name}/${key}`,
    readOnly: "false",
    eventName,
  };
  return registry.list("AWS::CloudTrail::Trail", { account: bucket.account }).some(({ region, properties }) => {
    const trail = properties as TrailProperties;
    if (!trail.IsLogging || (region !== bucket.region && !trail.IsMultiRegionTrail)) return false;
    const { EventSelectors = [], AdvancedEventSelectors = [] } = trail;
    return (
      EventSelectors.some(
        ({ ReadWriteType, DataResources = [] }) =>
          ReadWriteType !== "ReadOnly" && DataResources.some((resource) => names(resource, fields["resources.ARN"])),
      ) ||
      AdvancedEventSelectors.some(({ FieldSelectors = [] }) =>
        FieldSelectors.every((selector) => isSelected(selector, fields[selector.Field ?? ""])),
      )
    );
  });
}

/** `arn:aws:s3` stands for every bucket; else a value is the beginning of objects' ARNs. */
function names({ Type, Values = [] }: DataResource, arn = ""): boolean {
  return Type === "AWS::S3::Object" && Values.some((value) => arn.startsWith(value));
}

function isSelected(selector: FieldSelector, value: string | undefined): boolean {
  if (value === undefined) return false;
  const { Equals, StartsWith, EndsWith, NotEquals = [], NotStartsWith = [], NotEndsWith = [] } = selector;
  const wanted = [
    Equals?.includes(value),
    StartsWith?.some((text) => value.startsWith(text)),
    EndsWith?.some((text) => value.endsWith(text)),
  ].filter((each) => each !== undefined);
  return (
    (wanted.length === 0 || wanted.includes(true)) &&
    !NotEquals.includes(value) &&
    !NotStartsWith.some((text) => value.startsWith(text)) &&
    !NotEndsWith.some((text) => value.endsWith(text))
  );
}
