import {
  CreateBucketCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { replicaRegions, replicas } from "./rules.ts";

/** The cell's Region. */
export const HOME = "eu-central-1";
/** Another account that the cell serves, and where its data lies. */
export const MEMBER = "444455556666";
export const MEMBER_REGION = "eu-north-1";
/** An account that the cell doesn't serve, though it would send the cell its events. */
export const STRANGER = "777788889999";

/** The buckets the story is about, by chapter: each classified EU-only, each in the home Region. */
export const sources = {
  R1: "orders",
  R2: "catalogue",
  R3: "members",
  R5v2: "ledger",
  R5v1: "archive",
  crash: "payroll",
  batch: ["claims", "letters", "payslips"],
  outbox: "contracts",
  approval: "registry",
  brake: "visits",
} as const;
/** The member's, and the stranger's, where their data lies. */
export const elsewhere = { member: "patients", stranger: "visitors" } as const;

/** Buckets of other accounts than the cell's. */
const OWNERS: Readonly<Record<string, string>> = {
  [elsewhere.member]: MEMBER,
  [replicas.membersOregon]: MEMBER,
  [elsewhere.stranger]: STRANGER,
  [replicas.strangersOregon]: STRANGER,
};

export const CLASS_TAG = { Key: "data-residency", Value: "eu-only" };

/** Where a client of a bucket's owner calls. */
interface Place {
  readonly account?: string;
  readonly region: string;
}

/** What administrators have made before Cordon came: buckets with versioning, those to protect with the tag of their class. */
export async function createBuckets(adminIn: (place: Place) => S3Client): Promise<void> {
  const create = async (Bucket: string, region: string, isSource: boolean): Promise<void> => {
    const account = OWNERS[Bucket];
    const admin = adminIn({ region, ...(account !== undefined && { account }) });
    const location = region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: region } };
    await admin.send(new CreateBucketCommand({ Bucket, ...location } as CreateBucketCommand["input"]));
    await admin.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    if (isSource) await admin.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [CLASS_TAG] } }));
  };
  for (const name of Object.values(sources).flat()) await create(name, HOME, true);
  for (const name of Object.values(elsewhere)) await create(name, MEMBER_REGION, true);
  for (const [name, region] of Object.entries(replicaRegions)) await create(name, region, false);
}
