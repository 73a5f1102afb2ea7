/** Pieces of CloudFormation as values. */
export type Json = Record<string, unknown>;

/** `quarantine-replication` -> `QuarantineReplication` */
export function logicalId(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, _dash: string, letter: string) => letter.toUpperCase());
}

/** The ARN of a resource of the stack. */
export function arnOf(id: string): Json {
  return { "Fn::GetAtt": [id, "Arn"] };
}

/** Text with `${AWS::...}` in it. */
export function sub(text: string): Json {
  return { "Fn::Sub": text };
}

/** A policy document of these statements. */
export function policy(statements: readonly Json[]): Json {
  return { Version: "2012-10-17", Statement: statements };
}
