import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { catalogue } from "../../controls/catalogue.ts";
import { DEFAULT_POLICY_FILE } from "../../shared/policy/built-in.ts";
import { writeCompiled } from "../../shared/policy/compiled-file.ts";
import { formatPolicyErrors, parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import type { ResidencyPolicy } from "../../shared/policy/policy.ts";
import { type Folder, root } from "../folder.ts";
import { compileDocument } from "./documents.ts";

/** A policy's file, and the digest that whoever loads it has to find. */
export interface PolicyFile {
  readonly file: string;
  readonly digest: string;
  readonly bytes: number;
}

/** Writes a document as people write policies, and as `cordon compile` makes them. */
export async function writePolicy(
  { path }: Folder,
  name: string,
  document: object,
): Promise<{ readonly yaml: PolicyFile; readonly compiled: PolicyFile }> {
  const policy = compileDocument(document);
  const write = async (file: string, text: string): Promise<PolicyFile> => {
    await writeFile(file, text);
    return { file, digest: policy.digest, bytes: Buffer.byteLength(text) };
  };
  return {
    yaml: await write(join(path, `${name}.yaml`), stringify(document, { aliasDuplicateObjects: false })),
    compiled: await write(join(path, `${name}.json`), writeCompiled(policy)),
  };
}

/** The policy that a build compiles in by default, which has no conditions. */
export async function defaultPolicy(): Promise<ResidencyPolicy> {
  const parsed = parsePolicy(await readFile(join(root, DEFAULT_POLICY_FILE), "utf8"), DEFAULT_POLICY_FILE, catalogue);
  if (!parsed.ok) throw new Error(formatPolicyErrors(parsed.errors));
  return parsed.policy;
}
