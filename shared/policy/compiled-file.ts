import { CordonError } from "../errors.ts";
import { contentHash } from "../ids.ts";
import type { ResidencyPolicy } from "./policy.ts";

/** Changes with the form of compiled policies, so that none made for another version of Cordon is taken for one of this. */
const FORMAT = "cordon-policy/3";

/** What `cordon compile` writes: a policy that needs no parsing any more. */
export function writeCompiled(policy: ResidencyPolicy): string {
  return `${JSON.stringify({ format: FORMAT, policy })}\n`;
}

/**
 * A policy as `cordon compile` wrote it; undefined when the text is something else, such as YAML. Its rules were checked when it was compiled; the digest says
 * that it is still that policy.
 *
 * @throws CordonError `misconfigured` when it was made for another version, or altered since
 */
export function readCompiled(text: string, file: string): ResidencyPolicy | undefined {
  if (!text.startsWith('{"format":"cordon-policy/')) return undefined;
  const refuse = (reason: string) =>
    new CordonError(
      "misconfigured",
      `The compiled policy ${file} is refused, so nothing is done: ${reason}. Compile it again: cordon compile <policy.yaml>`,
    );
  let read: { readonly format?: unknown; readonly policy?: ResidencyPolicy };
  try {
    read = JSON.parse(text);
  } catch {
    throw refuse("found no JSON, it may be cut off");
  }
  if (read.format !== FORMAT) throw refuse(`found format ${JSON.stringify(read.format)}, expected "${FORMAT}"`);
  const { digest, ...content } = read.policy ?? { digest: "" };
  if (contentHash(content) !== digest) throw refuse("its content is not what its digest says");
  const { name, classifications, transfers, exceptions, controls, limits } = content as Partial<ResidencyPolicy>;
  const isWhole =
    [classifications, transfers, exceptions].every(Array.isArray) && typeof name === "string" && controls && limits;
  if (!isWhole) throw refuse("it is not a whole policy");
  return read.policy;
}
