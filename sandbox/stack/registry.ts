/** One configured resource of the account(s): what a template made, or an API call has changed since. Live: routing, triggers, IAM and Cloud Control read it at every use. */
export interface StackResource {
  /** CloudFormation's type, for example `AWS::Events::Rule`. */
  readonly type: string;
  /**
   * CloudFormation's primary identifier, which is what Cloud Control takes (Rule: Arn, Function: FunctionName,
   * EventSourceMapping: Id, Url: FunctionArn, Queue: QueueUrl, Table: TableName, Key: KeyId, Alias: AliasName, Role: RoleName, Bucket:
   * BucketName, BucketPolicy: Bucket, EventBus: Name, Topic: TopicArn, StateMachine: Arn, Alarm: AlarmName, LogGroup: LogGroupName).
   */
  readonly identifier: string;
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly logicalId?: string;
  /** Epoch ms; where an API tells it. */
  readonly createdAt?: number;
  /** CloudFormation properties, intrinsics resolved. Mutable: control-plane calls change them in place. */
  properties: Record<string, unknown>;
}

/** Every configured resource, in the order they were put. */
export interface Registry {
  /** Replaces a resource of the same type, identifier, account and Region. */
  put(resource: StackResource): void;
  /** `region` is ignored for AWS::IAM::Role. */
  find(type: string, identifier: string, account: string, region: string): StackResource | undefined;
  list(type: string, filter?: { account?: string; region?: string }): readonly StackResource[];
  remove(resource: StackResource): void;
  /** After every put, remove and `changed(resource)`. */
  onChange(listener: () => void): void;
  /** To be called after `properties` were changed in place. */
  changed(resource: StackResource): void;
}

/** Types whose names are an account's, whatever the Region. */
const GLOBAL_TYPES: ReadonlySet<string> = new Set(["AWS::IAM::Role"]);

/** An empty registry. */
export function createRegistry(): Registry {
  const byKey = new Map<string, StackResource>();
  const listeners: (() => void)[] = [];
  const keyOf = (type: string, identifier: string, account: string, region: string): string =>
    JSON.stringify([type, identifier, account, GLOBAL_TYPES.has(type) ? "" : region]);
  const keyOfResource = ({ type, identifier, account, region }: StackResource): string =>
    keyOf(type, identifier, account, region);
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    put(resource) {
      byKey.set(keyOfResource(resource), resource);
      tell();
    },
    find: (type, identifier, account, region) => byKey.get(keyOf(type, identifier, account, region)),
    list: (type, { account, region } = {}) =>
      [...byKey.values()].filter(
        (resource) =>
          resource.type === type &&
          (account === undefined || resource.account === account) &&
          (region === undefined || resource.region === region),
      ),
    remove(resource) {
      byKey.delete(keyOfResource(resource));
      tell();
    },
    onChange: (listener) => void listeners.push(listener),
    changed: tell,
  };
}
