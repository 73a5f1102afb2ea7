import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { policyDocument } from "./stage.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The shipped EU policy with merge patches, in a file for as long as this file of tests runs. */
export function policyFile(...patches: readonly unknown[]): string {
  const folder = mkdtempSync(join(tmpdir(), "cordon-policy-"));
  folders.push(folder);
  const file = join(folder, "policy.yaml");
  writeFileSync(file, JSON.stringify(policyDocument(...patches)));
  return file;
}
