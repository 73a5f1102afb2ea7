import { writeFile } from "node:fs/promises";
import { catalogue } from "../controls/catalogue.ts";
import { writeCompiled } from "../shared/policy/compiled-file.ts";
import { readPolicyFile } from "../shared/policy/load-policy.ts";
import { command, exitCodes } from "./command.ts";

/** `cordon compile`: a policy that needs no parsing any more, for `CORDON_POLICY`. */
export const compile = command(
  {
    name: "compile",
    summary: "A policy in the form that a function reads at once, for CORDON_POLICY",
    notes: `The build compiles a policy in (npm run build -- --policy <file>). Where CORDON_POLICY is to replace it at run time, the compiled form starts a container
sooner: YAML is checked in every container anew. It is sealed by its digest: a changed letter, or another version of Cordon, is refused.

Exit code: 0 written, 2 the policy is refused or could not be read or written.`,
  },
  {
    policy: { type: "positional", description: "The policy's YAML", required: true },
    out: { type: "string", description: "Where to write it; stdout when left out", valueHint: "file" },
  },
  async (args) => {
    const policy = await readPolicyFile(args.policy, catalogue);
    const text = writeCompiled(policy);
    if (args.out === undefined) process.stdout.write(text);
    else {
      await writeFile(args.out, text);
      process.stderr.write(`${args.out}: ${policy.name}, digest ${policy.digest}\n`);
    }
    return exitCodes.fine;
  },
);
