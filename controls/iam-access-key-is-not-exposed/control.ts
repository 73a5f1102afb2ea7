import type { Control } from "../../shared/control.ts";
import { deletedForGood, detectKeys, withKeyAsBefore, withoutKeys } from "../../shared/keys/detect-keys.ts";
import { type UserKeys, usersOf } from "../../shared/resources/iam-users.ts";
import { meta } from "./meta.ts";

export const control: Control<UserKeys> = {
  meta,
  port: (ports) => usersOf(ports).keys,
  detect: (user, ports, asked) => detectKeys("exposure", meta.id, user, ports, asked),
  // What a call wrote is told by the key's status alone; IAM shows it within seconds, and the next look sees it.
  shows: () => undefined,
  comply: withoutKeys,
  retreat: () => undefined,
  restore: withKeyAsBefore,
  noWayBack: deletedForGood,
};
