import type { KeyUse } from "./users.ts";

/** A key as a report shows it, without its id. */
export interface ReportedKey {
  id: string;
  isActive: boolean;
  /** Epoch ms of its creation, or the last change of its status. */
  changedAt: number;
  use: KeyUse | undefined;
}

/** One user, or the root user, as a report shows them. Times are epoch ms. */
export interface ReportedUser {
  name: string;
  arn: string;
  createdAt: number;
  isRoot: boolean;
  password: { changedAt: number; lastUsedAt: number | undefined } | undefined;
  hasMfa: boolean;
  keys: readonly ReportedKey[];
}

/** In the documented order; `additional_credentials_info` of the guide is not in reports of users with two keys at most. */
export const REPORT_COLUMNS = [
  ...["user", "arn", "user_creation_time"],
  ...["password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active"],
  ...keyColumns(1),
  ...keyColumns(2),
  ...["cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"],
] as const;

const NONE = "N/A";
const NO_KEY = ["false", NONE, NONE, NONE, NONE];
const NO_CERTIFICATES = ["false", NONE, "false", NONE];

/**
 * IAM's credential report as CSV (IAM user guide, "Generate credential reports"): the root user first, users by name whatever their
 * case, keys by their ids, which is not by age; no line break at the end. As seen in reports, and not in the guide: `true` and `false` in lower
 * case, and a time of last change for inactive keys, too.
 */
export function writeCredentialReport(root: ReportedUser, users: readonly ReportedUser[]): string {
  const ordered = users
    .map((user) => ({ user, key: user.name.toLowerCase() }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ user }) => user);
  return [REPORT_COLUMNS, ...[root, ...ordered].map(rowOf)].map((row) => row.map(quote).join(",")).join("\n");
}

function rowOf({ name, arn, createdAt, isRoot, password, hasMfa, keys }: ReportedUser): readonly string[] {
  const [first, second] = [...keys].sort((a, b) => (a.id < b.id ? -1 : 1)).map(describeKey);
  return [
    ...[name, arn, isoTime(createdAt)],
    String(password !== undefined),
    password ? isoTime(password.lastUsedAt, "no_information") : NONE,
    isRoot ? "not_supported" : isoTime(password?.changedAt),
    isRoot ? "not_supported" : NONE,
    String(hasMfa),
    ...(first ?? NO_KEY),
    ...(second ?? NO_KEY),
    ...NO_CERTIFICATES,
  ];
}

function describeKey({ isActive, changedAt, use }: ReportedKey): readonly string[] {
  return [String(isActive), isoTime(changedAt), isoTime(use?.at), use?.region ?? NONE, use?.service ?? NONE];
}

function keyColumns(number: number): string[] {
  return ["active", "last_rotated", "last_used_date", "last_used_region", "last_used_service"].map(
    (column) => `access_key_${number}_${column}`,
  );
}

function isoTime(epochMs: number | undefined, otherwise = NONE): string {
  return epochMs === undefined ? otherwise : `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** Names of users may have commas in them. */
function quote(field: string): string {
  return field.includes(",") ? `"${field}"` : field;
}
