/** A function, and the path below its URL. */
export interface FunctionUrlTarget {
  account: string;
  region: string;
  functionName: string;
  /** What the function sees: `/` at least, still percent-encoded. */
  rawPath: string;
}

const PATH = /^\/lambda-url\/(\d{12})\/([a-z0-9-]+)\/([\w-]+)(\/.*)?$/;

/** A function's URL. AWS has a host name for each; here it is a path on the sandbox's one address. */
export function functionUrlOf(
  endpoint: string,
  { account, region }: { account: string; region: string },
  functionName: string,
): string {
  return `${endpoint}/lambda-url/${account}/${region}/${functionName}/`;
}

/** What a request's path leads to; undefined when it is below no function URL. */
export function readFunctionUrlPath(path: string): FunctionUrlTarget | undefined {
  const [, account, region, functionName, rawPath = "/"] = PATH.exec(path) ?? [];
  return account && region && functionName ? { account, region, functionName, rawPath } : undefined;
}
