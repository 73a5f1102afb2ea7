import type { Principal } from "../shared/types.ts";
import { HIDDEN, redactPrincipal, redactText } from "./redact.ts";

/** By what a call was made, as far as its agent tells. */
export interface Tool {
  /** One of a few names that can be no person's; undefined where nothing is recognised. */
  readonly name?: string;
  /** It runs by itself from a source of its own, and sets what that source says again with its next run. */
  readonly isPipeline: boolean;
}

/** The first that matches counts: tools name the SDK they are built with as well. */
const TOOLS: readonly (readonly [RegExp, string, boolean])[] = [
  [/terraform|opentofu/i, "Terraform", true],
  [/pulumi/i, "Pulumi", true],
  [/\baws-?cdk\b/i, "AWS CDK", true],
  [/\bcloudformation\b/i, "CloudFormation", true],
  [/crossplane/i, "Crossplane", true],
  [/ansible/i, "Ansible", true],
  [/serverless|\bosls\b/i, "Serverless", true],
  [/github-?actions/i, "GitHub Actions", true],
  [/gitlab/i, "GitLab", true],
  [/jenkins/i, "Jenkins", true],
  [/code(build|pipeline|deploy)/i, "AWS Code services", true],
  [/aws_(lambda|ecs|eks)/i, "a program in AWS", true],
  [/console|signin\.amazonaws/i, "the AWS console", false],
  [/cloudshell/i, "CloudShell", false],
  [/\baws-cli\b/i, "the AWS CLI", false],
  [/boto3|botocore|aws-sdk|\bsdk\b/i, "an AWS SDK", false],
];

/** A service that calls in somebody's name does so by what it was set up for. */
const SERVICE = /^([\w-]+)(\.[\w-]+)*\.amazonaws\.com(\.cn)?$/;

/** By what somebody called. Pure. */
export function toolOf({ agent, invokedBy }: Principal): Tool {
  const text = `${invokedBy ?? ""} ${agent ?? ""}`;
  const known = TOOLS.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return { name: known[1], isPipeline: known[2] };
  const service = SERVICE.exec(invokedBy ?? "")?.[1];
  return service === undefined ? { isPipeline: false } : { name: `AWS service ${service}`, isPipeline: true };
}

/** Who somebody is, whatever a session is called: a role by its name, for its sessions are named anew at will. Undefined for nobody. Pure. */
export function identityOf(principal: Principal | undefined): string | undefined {
  const { arn, invokedBy, type } = principal ?? {};
  return arn?.replace(/(:assumed-role\/[^/]+)\/.*$/, "$1") ?? invokedBy ?? type;
}

/** How somebody is named to a reader: roles and accounts as they are, people only where they may be revealed. Pure. */
export function nameOf(principal: Principal | undefined, isRevealed: boolean): string {
  if (principal === undefined) return "nobody that events name";
  const identity = identityOf(principal) ?? HIDDEN;
  if (isRevealed) return identity;
  const isArn = principal.arn !== undefined;
  return isArn ? (redactPrincipal({ type: "", arn: identity }).arn ?? HIDDEN) : redactText(identity);
}
