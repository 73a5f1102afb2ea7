import type { ControlMeta } from "../control.ts";
import type { ControlEvents } from "./cloudtrail.ts";
import { objectEvents } from "./s3-object-events.ts";

/** What a control hears, and how its resource is told from an event. */
export function eventsOf({ cloudTrail, configTypes, subject }: ControlMeta): ControlEvents {
  return subject === "object" ? objectEvents(cloudTrail) : { cloudTrail, configTypes };
}
