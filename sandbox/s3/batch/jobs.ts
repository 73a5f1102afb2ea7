import type { Permission } from "../../operation.ts";

/** What a job goes through. Cancelling and the like are passed in one go. */
export type JobStatus =
  | "New"
  | "Preparing"
  | "Suspended"
  | "Ready"
  | "Active"
  | "Cancelling"
  | "Cancelled"
  | "Completing"
  | "Complete"
  | "Failing"
  | "Failed";

/** Which column of a CSV manifest is which. */
export type ManifestField = "Bucket" | "Key" | "VersionId" | "Ignore";

/** Where the list of objects comes from: a CSV file, or what is in a bucket when the job is prepared. */
export type ManifestSource =
  | {
      kind: "csv";
      fields: readonly ManifestField[];
      bucket: string;
      key: string;
      versionId: string | undefined;
      etag: string;
    }
  | { kind: "generated"; bucket: string; filter: ObjectFilter };

/** Which objects a generated manifest lists; all of them without any. Texts match when one of them does. */
export interface ObjectFilter {
  prefixes: readonly string[];
  suffixes: readonly string[];
  substrings: readonly string[];
  storageClasses: readonly string[];
  /** Epoch ms. */
  createdAfter: number | undefined;
  createdBefore: number | undefined;
  minBytesExclusive: number | undefined;
  maxBytesExclusive: number | undefined;
}

/** What CreateJob asks for. */
export interface JobSpec {
  token: string;
  needsConfirmation: boolean;
  description: string | undefined;
  priority: number;
  roleArn: string;
  functionArn: string;
  schemaVersion: "1.0" | "2.0";
  userArguments: Readonly<Record<string, string>> | undefined;
  manifest: ManifestSource;
  /** Undefined when none is asked for. */
  report: { bucket: string; prefix: string; failedOnly: boolean } | undefined;
  tags: readonly { Key: string; Value: string }[];
}

/** One object of a job, and what became of it. Keys are URL-encoded, as manifests have them. */
export interface Task {
  id: string;
  bucket: string;
  encodedKey: string;
  versionId: string | undefined;
  attempts: number;
  outcome: { succeeded: boolean; httpStatus: number; errorCode: string; message: string } | undefined;
}

export interface Job {
  id: string;
  arn: string;
  account: string;
  region: string;
  spec: JobSpec;
  /** The request as it was sent, which a second one with the same token has to equal. */
  request: string;
  status: JobStatus;
  priority: number;
  tasks: Task[];
  /** How often the function was invoked. */
  invocations: number;
  failures: { code: string; reason: string }[];
  statusReason: string | undefined;
  /** Epoch ms. */
  createdAt: number;
  activeAt: number | undefined;
  suspendedAt: number | undefined;
  endedAt: number | undefined;
  /** What its role was asked for so far. */
  permissions: Permission[];
}

/** A job as tests look at it. */
export interface JobView {
  readonly id: string;
  readonly status: JobStatus;
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly invocations: number;
  readonly failures: readonly { code: string; reason: string }[];
  /** What its role was asked for, each once. */
  readonly permissions: readonly { action: string; resource: string }[];
}

/** A copy of a job, for tests. */
export function viewJob({ id, status, tasks, invocations, failures, permissions }: Job): JobView {
  const asked = new Map(
    permissions.map(({ action, resource }) => [`${action} ${resource}`, { action, resource }] as const),
  );
  const counts = { total: tasks.length, ...countOutcomes(tasks) };
  return structuredClone({ id, status, ...counts, invocations, failures, permissions: [...asked.values()] });
}

/** How many tasks have come to which end. */
export function countOutcomes(tasks: readonly Task[]): { succeeded: number; failed: number } {
  const outcomes = tasks.flatMap(({ outcome }) => outcome ?? []);
  const succeeded = outcomes.filter((outcome) => outcome.succeeded).length;
  return { succeeded, failed: outcomes.length - succeeded };
}

/** Whether nothing more becomes of it. */
export function isOver({ status }: Pick<Job, "status">): boolean {
  return status === "Complete" || status === "Cancelled" || status === "Failed";
}
