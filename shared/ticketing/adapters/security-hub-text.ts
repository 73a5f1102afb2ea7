import type { AwsSecurityFinding } from "@aws-sdk/client-securityhub";
import { cutTo, oneLine, withoutHosts } from "../text.ts";
import type { Section, Ticket, TicketLabels } from "../ticket.ts";

/** Where a finding is reported, and as what. */
export interface Product {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly arn: string;
}

export interface Reported {
  readonly product: Product;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly isResolved: boolean;
}

const MAX = { title: 256, description: 1_024, remedy: 512, note: 512, field: 2_048, resource: 1_024 } as const;
/** Of 50 fields; with so many, each of letters of three bytes, a finding stays below the 240 KB that it may have. */
const MAX_SECTIONS = 25;
const MAX_REQUIREMENTS = 32;

/** The names that Security Hub has for resource types. @see https://docs.aws.amazon.com/securityhub/latest/userguide/asff-resources.html */
const TYPES: Readonly<Record<string, string>> = {
  "AWS::S3::Bucket": "AwsS3Bucket",
  "AWS::S3::Object": "AwsS3Object",
  "AWS::IAM::User": "AwsIamUser",
  "AWS::IAM::Role": "AwsIamRole",
  "AWS::IAM::AccessKey": "AwsIamAccessKey",
  "AWS::CloudFormation::Stack": "AwsCloudFormationStack",
  "AWS::::Account": "AwsAccount",
};
const LABELS = { low: "LOW", medium: "MEDIUM", high: "HIGH", critical: "CRITICAL" } as const;
/** Partitions that a resource may be said to be in; of others nothing is said. */
const PARTITIONS = ["aws", "aws-cn", "aws-us-gov"] as const;
const STANDARDS = "Software and Configuration Checks/Industry and Regulatory Standards";
/** Sections that say what to do. */
const REMEDY = /^(what to do|what you have to do|how to decide|how to undo)/i;

/**
 * A ticket in the AWS Security Finding Format. Everything is one line: the format's pattern for texts has none with more. Pure.
 *
 * @see https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html
 * @see https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-type-taxonomy.html
 */
export function findingOf(ticket: Ticket, { product, createdAt, updatedAt, isResolved }: Reported): AwsSecurityFinding {
  const { key, title, severity, labels, sections } = ticket;
  const requirements = requirementsOf(labels);
  const isGdpr = requirements.some((requirement) => requirement.startsWith("GDPR"));
  const rated = {
    Severity: { Label: LABELS[severity], Original: severity },
    Types: [isGdpr ? `${STANDARDS}/GDPR Controls (Europe)` : STANDARDS],
  };
  return {
    SchemaVersion: "2018-10-08",
    Id: key,
    ProductArn: product.arn,
    ProductName: "Cordon",
    CompanyName: "Cordon",
    GeneratorId: cutTo(oneLine(labels.control), 512),
    AwsAccountId: product.account,
    ...rated,
    // Customers may have their own in the place of the former; these stay the provider's.
    FindingProviderFields: rated,
    CreatedAt: createdAt,
    UpdatedAt: updatedAt,
    FirstObservedAt: labels.firstSeenAt,
    LastObservedAt: ticket.updatedAt,
    Title: shown(title, MAX.title) || key,
    Description: shown(sections.map(inOneLine).join(" "), MAX.description) || key,
    Remediation: { Recommendation: { Text: shown(remedyFor(ticket), MAX.remedy) } },
    ProductFields: fieldsOf(ticket),
    Resources: [resourceOf(ticket, product)],
    Compliance: {
      Status: complianceOf(ticket, isResolved),
      ...(requirements.length > 0 && { RelatedRequirements: requirements }),
    },
    RecordState: "ACTIVE",
  };
}

/** NEW while somebody has to look, NOTIFIED once it is stopped or let be, RESOLVED when it is gone. SUPPRESSED is people's to say. Pure. */
export function workflowOf({ state, isWaiting }: Ticket, isResolved: boolean): "NEW" | "NOTIFIED" | "RESOLVED" {
  if (isResolved) return "RESOLVED";
  return state === "open" || isWaiting ? "NEW" : "NOTIFIED";
}

/** A note, as long as one may be. Pure. */
export function noteOf(note: string): string {
  return shown(note, MAX.note) || "-";
}

/** The product that every account has for findings of its own making. Pure. */
export function productIn(account: string, region: string): Product {
  const partition = partitionOf(region);
  const arn = `arn:${partition}:securityhub:${region}:${account}:product/${account}/default`;
  return { account, region, partition, arn };
}

function partitionOf(region: string): string {
  const known = { "cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b" };
  const more = { "eusc-": "aws-eusc", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f" };
  return Object.entries({ ...known, ...more }).find(([prefix]) => region.startsWith(prefix))?.[1] ?? "aws";
}

/** An exception lets it be: that is neither passed nor failed. */
function complianceOf({ state }: Ticket, isResolved: boolean): "PASSED" | "WARNING" | "FAILED" {
  if (isResolved) return "PASSED";
  return state === "exempt" ? "WARNING" : "FAILED";
}

/** Where the route may not know the resource, the account stands for it: a finding has to have one. */
function resourceOf({ labels: { resource, resourceType } }: Ticket, { account, region, partition }: Product) {
  const id = cutTo(oneLine(resource), MAX.resource).trim();
  const known = PARTITIONS.find((each) => each === partition);
  return {
    Type: id === "" ? "AwsAccount" : (TYPES[resourceType] ?? "Other"),
    Id: id || `AWS::::Account:${account}`,
    ...(known !== undefined && { Partition: known }),
    Region: region,
  };
}

/** What programs sort by, and each section as a whole. */
function fieldsOf(ticket: Ticket): Record<string, string> {
  const { state, isWaiting, occurrences, version, parent, sections } = ticket;
  const fields: Record<string, string> = {
    ProviderName: "Cordon",
    "cordon/state": state,
    "cordon/waiting": String(isWaiting),
    "cordon/occurrence": String(occurrences),
    "cordon/version": String(version),
    ...(parent !== undefined && { "cordon/storm": parent }),
  };
  for (const { heading, lines } of sections.slice(0, MAX_SECTIONS)) {
    const name = `cordon/${slug(heading)}`;
    const text = shown(joined(lines), MAX.field);
    if (text !== "") fields[name in fields ? `${name}-${Object.keys(fields).length}` : name] = text;
  }
  return fields;
}

function remedyFor({ sections, finding }: Ticket): string {
  const told = sections.filter(({ heading }) => REMEDY.test(heading)).map(inOneLine);
  return told.length > 0 ? told.join(" ") : `cordon explain ${finding}`;
}

function requirementsOf({ requirements }: TicketLabels): string[] {
  return requirements.slice(0, MAX_REQUIREMENTS).map((each) => cutTo(oneLine(each), 256));
}

function inOneLine({ heading, lines }: Section): string {
  return `${heading}: ${joined(lines)}.`.replace(/([.:;!?])\.$/, "$1");
}

/** `Stopped: this; that` */
function joined(lines: readonly string[]): string {
  return lines.reduce(
    (text, line) => `${text}${text === "" ? "" : /[:.;]$/.test(text) ? " " : "; "}${line.trim()}`,
    "",
  );
}

function shown(text: string, most: number): string {
  return cutTo(withoutHosts(oneLine(text)).trim(), most);
}

function slug(heading: string): string {
  return (
    heading
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 100) || "section"
  );
}
