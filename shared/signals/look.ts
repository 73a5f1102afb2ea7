import type { ControlMeta } from "../control.ts";
import { shownArn } from "../shown.ts";
import type { ResourceRef, Signal } from "../types.ts";
import type { Parsed } from "./parsed.ts";
import { asObject, asText, type Json } from "./shapes.ts";

const SOURCE = "cordon.sweep";
const TYPE = "Cordon Look";

/** What the sweep puts into a function's queue: nothing has happened to a resource, and it is time to look at it. */
export function lookEvent(controlId: string, resource: ResourceRef, dueAt: string): Json {
  return { source: SOURCE, "detail-type": TYPE, detail: { controlId, resource, dueAt } };
}

const ACCOUNT = /^\d{12}$/;
const REGION = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/;

/** The signal of a look; undefined for any other event. What it names is looked at, and live state decides: whoever forges one has a resource looked at. Pure. */
export function parseLook(
  input: unknown,
  { id, resourceType }: Pick<ControlMeta, "id" | "resourceType">,
): Parsed | undefined {
  const event = asObject(input);
  if (event?.source !== SOURCE || event["detail-type"] !== TYPE) return undefined;
  const detail = asObject(event.detail) ?? {};
  const resource = asObject(detail.resource) ?? {};
  const [arn, name, account, region] = ["arn", "name", "account", "region"].map((each) => asText(resource[each]) ?? "");
  const version = asText(resource.version);
  const dueAt = asText(detail.dueAt) ?? "";
  if (detail.controlId !== id)
    return { kind: "ignored", reason: `a look of ${String(detail.controlId).slice(0, 80)}, not of ${id}` };
  const isWhole =
    resource.type === resourceType &&
    /^arn:aws[a-z-]*:/.test(arn ?? "") &&
    name !== "" &&
    arn?.endsWith(name ?? "") === true &&
    ACCOUNT.test(account ?? "") &&
    REGION.test(region ?? "");
  if (!isWhole || Number.isNaN(Date.parse(dueAt)))
    return {
      kind: "refused",
      reason: `a look that names no ${resourceType}; expected detail.resource with type, arn, name, account and region, and detail.dueAt`,
    };
  const about: ResourceRef = {
    type: resourceType,
    arn: arn ?? "",
    name: name ?? "",
    account: account ?? "",
    region: region ?? "",
    ...(version !== undefined && { version }),
  };
  const signal: Signal = {
    id: `look:${shownArn(about)}:${dueAt}`,
    source: "schedule",
    name: "Look",
    at: dueAt,
    resource: about,
  };
  return { kind: "signal", signal };
}
