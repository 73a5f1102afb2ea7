import { cut } from "../cut.ts";
import type { ResourceRef, Signal } from "../types.ts";
import type { ControlEvents } from "./cloudtrail.ts";
import type { Parsed } from "./parsed.ts";
import { parseBucketName, S3_BUCKET, s3BucketRef } from "./s3-bucket-ref.ts";
import { asList, asObject, asText, describeShape, type Json } from "./shapes.ts";

/**
 * An AWS Config notification -> signals. An oversized one names the resource without its item, which is enough: live state decides.
 * Source: https://docs.aws.amazon.com/config/latest/developerguide/example-sns-notification.html
 */
export function parseConfigNotification(message: Json, events: ControlEvents): readonly Parsed[] {
  const type = asText(message.messageType) ?? "";
  switch (type) {
    case "ConfigurationItemChangeNotification": {
      const item = message.configurationItem;
      // Old recordings hold a list of items; AWS sends one.
      if (Array.isArray(item)) return asList(item).map((each) => parseConfigurationItem(each, events));
      return [parseConfigurationItem(item, events)];
    }
    case "OversizedConfigurationItemChangeNotification":
      return [parseConfigurationItem(message.configurationItemSummary, events)];
    case "ComplianceChangeNotification":
      if (events.compliance !== undefined) return [events.compliance(message)];
      return [unheard(type)];
    default:
      return [unheard(type)];
  }
}

function unheard(type: string): Parsed {
  return { kind: "ignored", reason: `no control listens to the AWS Config message ${type.slice(0, 80)}` };
}

/** An AWS Config configuration item, or its summary -> a signal that points to the resource. Its content is not read. */
export function parseConfigurationItem(input: unknown, events: ControlEvents): Parsed {
  const item = asObject(input);
  const type = asText(item?.resourceType);
  if (item === undefined || type === undefined) {
    return {
      kind: "refused",
      reason: `a configuration item without resourceType: found ${describeShape(input)}, expected an object with resourceType, resourceId, account and awsRegion`,
    };
  }
  if (!events.configTypes.includes(type))
    return { kind: "ignored", reason: `no control listens to items of ${cut(type, 80)}` };
  if (events.item !== undefined) return events.item(item);
  if (type !== S3_BUCKET)
    return { kind: "refused", reason: `items of ${type} can't be resolved to a resource; expected ${S3_BUCKET}` };
  const name = parseBucketName(item.resourceName) ?? parseBucketName(item.resourceId);
  const account = asText(item.awsAccountId) ?? asText(item.accountId);
  const region = asText(item.awsRegion);
  const resource =
    name === undefined || account === undefined || region === undefined
      ? undefined
      : s3BucketRef(name, account, region);
  if (resource === undefined) {
    return {
      kind: "refused",
      reason: "a configuration item without a usable bucket name, account and Region; expected all three",
    };
  }
  return { kind: "signal", signal: itemSignal(item, resource) };
}

/** The signal of a configuration item of a resource. */
export function itemSignal(item: Json, resource: ResourceRef): Signal {
  const at = asText(item.configurationItemCaptureTime) ?? "";
  const state = asText(item.configurationStateId) ?? String(item.configurationStateId ?? "");
  return { id: `config:${resource.arn}:${state}:${at}`, source: "config", name: "ConfigurationItem", at, resource };
}
