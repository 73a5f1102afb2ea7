import { ServiceError } from "../errors.ts";
import type { ObjectVersion } from "./objects.ts";

const CLASSES = new Set([
  ...["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING"],
  ...["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"],
]);
/** What is in these has to be restored before it can be read. */
const ARCHIVES = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/** The storage class a writer asks for; STANDARD by default. Throws InvalidStorageClass. */
export function readStorageClass(asked: unknown): string {
  const storageClass = String(asked ?? "STANDARD");
  if (CLASSES.has(storageClass)) return storageClass;
  throw new ServiceError("InvalidStorageClass", "The storage class you specified is not valid", 400, {
    members: { StorageClassRequested: storageClass },
  });
}

/** Refuse to read what is archived and not restored at `at`. Throws InvalidObjectState. */
export function checkReadable({ storageClass, restoredUntil = 0 }: ObjectVersion, at: number): void {
  if (!ARCHIVES.has(storageClass) || at < restoredUntil) return;
  throw new ServiceError("InvalidObjectState", "The operation is not valid for the object's storage class", 403, {
    members: { StorageClass: storageClass },
  });
}

/** What reads tell of it: nothing for STANDARD, and the restored copy of an archived object. */
export function describeClass({ storageClass, restoredUntil = 0 }: ObjectVersion, at: number): Record<string, unknown> {
  return {
    ...(storageClass === "STANDARD" ? {} : { StorageClass: storageClass }),
    ...(at < restoredUntil
      ? { Restore: `ongoing-request="false", expiry-date="${new Date(restoredUntil).toUTCString()}"` }
      : {}),
  };
}
