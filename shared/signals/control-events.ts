import type { ControlMeta } from "../control.ts";
import type { ControlEvents } from "./cloudtrail.ts";
import { keyEvents } from "./iam-key-events.ts";
import { IAM_USER } from "./iam-refs.ts";
import { objectEvents } from "./s3-object-events.ts";

/** What a control hears, and how its resource is told from an event. Denied calls are not among it: only the function that counts them hears those. */
export function eventsOf({ cloudTrail, configTypes, subject, resourceType }: ControlMeta): ControlEvents {
  if (resourceType === IAM_USER) return keyEvents(cloudTrail);
  return subject === "object" ? objectEvents(cloudTrail) : { cloudTrail, configTypes };
}
