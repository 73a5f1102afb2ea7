import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { meta } from "../../controls/iam-access-key-is-rotated/meta.ts";
import type { Sandbox } from "../../sandbox/index.ts";
import { DEFAULT_POLICY_FILE } from "../../shared/policy/built-in.ts";
import { type Folder, root } from "../folder.ts";
import { writePolicy } from "../policy/files.ts";

export const FUNCTION = "revoke-stale-keys";
const DAY_MS = 86_400_000;
/** Old enough to be deactivated, and out of use for so long that nobody has to be warned before. */
const STALE_DAYS = 200;
const UNUSED_DAYS = 100;

/** An account's users. */
export interface Users {
  readonly users: number;
  /** So many have one active key that is too old, and another that is not. */
  readonly stale: number;
  /** So many of the others have had theirs for longer than the keys they have now: the report does not tell whether a key was made or switched on again then. */
  readonly rotating: number;
}

/** Two keys of each user, as many as IAM allows. */
export function createUsers(sandbox: Sandbox, { users, stale, rotating }: Users): void {
  for (let index = 0; index < users; index++) {
    const isStale = index < stale;
    const age = isStale ? STALE_DAYS : 5 + (index % 60);
    const createdAt = daysAgo(age);
    sandbox.createUser({
      name: `user-${String(index).padStart(5, "0")}`,
      createdAt: isStale || index >= stale + rotating ? createdAt : daysAgo(400),
      keys: [
        { createdAt, lastUsed: { at: daysAgo(isStale ? UNUSED_DAYS : 1), service: "s3", region: "eu-central-1" } },
        { createdAt: daysAgo(3), lastUsed: { at: daysAgo(1), service: "s3", region: "eu-central-1" } },
      ],
    });
  }
}

const daysAgo = (days: number) => Date.now() - days * DAY_MS;

/** @throws Error unless of those with a stale key this one alone is off, and nobody else's is */
export function assertDeactivated(sandbox: Sandbox, { users, stale }: Users): void {
  for (let index = 0; index < users; index++) {
    const name = `user-${String(index).padStart(5, "0")}`;
    const { keys } = sandbox.user(name);
    const found = keys.map(({ status }) => status).join();
    const expected = index < stale ? "Inactive,Active" : "Active,Active";
    if (found !== expected) throw new Error(`the keys of ${name} are ${found}; expected ${expected}`);
  }
}

/** Writes the shipped policy with the control switched on, compiled as `cordon compile` does it; returns its path. */
export async function enforcingPolicy(folder: Folder): Promise<string> {
  const shipped = parse(await readFile(join(root, DEFAULT_POLICY_FILE), "utf8"));
  const controls = { ...shipped.controls, [meta.id]: { mode: "enforce" } };
  return (await writePolicy(folder, "keys", { ...shipped, controls })).compiled.file;
}
